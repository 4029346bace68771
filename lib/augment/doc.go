// Package augment turns stored pictures into a batch that a network sees: random crop, flip and cutout, normalised.
//
// A [Feeder] puts all pictures on the device once, as bytes. For each batch the host draws numbers - which pictures, where to crop,
// whether to flip, where to cut - and one small executable does the rest. The numbers come from the generator that the caller passes,
// in an order that depends on nothing else, so that a batch can be made again.
//
// The steps are those of the DARTS family's training code (torchvision's RandomCrop, RandomHorizontalFlip, ToTensor, Normalize;
// then Cutout, arXiv:1708.04552), in their order:
//
//	bytes [batch, height, width, channels]
//	  Crop       black pixels around the picture, and a window of its size from somewhere
//	  Flip       left and right exchanged, for half of the pictures
//	  Normalize  (x/255 - mean) / std
//	  Cutout     a square of zeros, that is of mean colour, clipped at the border
//	  CHWN       float32 [channels, height, width, batch], the layout of the network
//
// Each step is a function of its own that builds its part of a graph, for any size and number of channels.
package augment
