// Package augment turns stored images into batches for a network: randomly distorted and
// normalised.
//
// A [Feeder] copies all images to the device once, as bytes. For each batch the host draws random
// numbers: the indices of the images, the position of the crop, the flip, the position of the
// cutout. One small executable then computes the batch. The numbers come from a generator that the
// caller passes, in a fixed order, so that any batch can be computed again.
//
// The steps are those of the training code of the DARTS family, in the same order (torchvision's
// RandomCrop, RandomHorizontalFlip, ToTensor and Normalize; then Cutout, arXiv:1708.04552):
//
//	bytes [batch, height, width, channels]
//	  Crop       a border of black pixels, then a window of the image's size at a random place
//	  Flip       left and right exchanged, for half of the images
//	  Normalize  (x/255 - mean) / std
//	  Cutout     a square of zeros (the mean colour), clipped at the border
//	  CHWN       float32 [channels, height, width, batch], the layout of the network
//
// # Two views
//
// [Twins], made by a feeder, computes two views of the same images, each distorted independently,
// for a loss that compares them (arXiv:2103.03230). [distort.Views] holds the probability and the
// strengths of every step; [distort.Parse] reads them from text. One resampling performs all
// geometric steps:
//
//	bytes [batch, height, width, channels]
//	  Crop       as above
//	  Flip
//	  Distort    rotation, translation, scale and shear, bilinear, black outside
//	float32 [channels, height, width, 2 batch], in 0..1
//	  Jitter     brightness, contrast, saturation, hue, in this order
//	  Grayscale
//	  Normalize  (x - mean) / std
//	  Erase      a rectangle of zeros (the mean colour)
//
// These steps are torchvision's RandomAffine, ColorJitter (with a fixed order), RandomGrayscale and
// RandomErasing, on float images. Saturation, hue and grayscale have no effect on images that do
// not have three channels.
//
//	f, err := augment.NewFeeder(backend, set.Train, set.Mean, set.Std, 64, augment.Options{})
//	twins, err := f.Twins(distort.Default())
//	a, b, labels, err := twins.Batch(index, rand.New(rand.NewPCG(seed, step)))
//
// Each step is a function of its own that builds its part of a graph, for any image size and any
// number of channels.
package augment
