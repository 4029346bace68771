// Package augment turns stored pictures into batches that a network sees: randomly distorted, and normalised.
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
// # Two views
//
// [Twins], which a feeder makes, are two views of the same pictures, each distorted on its own, for a loss that compares them (arXiv:2103.03230).
// Every step has a probability and settings, [Views], which [ParseViews] reads from text; those of the geometry are one resampling:
//
//	bytes [batch, height, width, channels]
//	  Crop       as above
//	  Flip
//	  Distort    rotation, translation, scale and shear, bilinear, black outside
//	float32 [channels, height, width, 2 batch], in 0..1
//	  Jitter     brightness, contrast, saturation, hue, in this order
//	  Grayscale
//	  Normalize  (x - mean) / std
//	  Erase      a rectangle of zeros, that is of mean colour
//
// They are torchvision's RandomAffine, ColorJitter (but for its random order), RandomGrayscale and RandomErasing, on float images. Saturation, hue and
// grayscale leave pictures alone that have not three channels.
//
//	f, err := augment.NewFeeder(backend, set.Train, set.Mean, set.Std, 64, augment.Options{})
//	twins, err := f.Twins(augment.DefaultViews())
//	a, b, labels, err := twins.Batch(index, rand.New(rand.NewPCG(seed, step)))
//
// Each step of both is a function of its own that builds its part of a graph, for any size and number of channels.
package augment
