// Package data reads the three data sets of the experiments from their official files: CIFAR-10 and
// CIFAR-100 (binary version, Krizhevsky 2009) and Fashion-MNIST (IDX, Zalando SE 2017).
//
// # Location of the files
//
// A data directory contains
//
//	cifar-10-batches-bin/{data_batch_1..5,test_batch}.bin         or cifar-10-binary.tar.gz
//	cifar-100-binary/{train,test}.bin                             or cifar-100-binary.tar.gz
//	fashion-mnist/{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz
//
// The caller names the directory. The default is $ESSNAS_DATA, or else "data" in essnas's cache
// directory, which is also the default of [Fetch]. [Load] requires the files. [Open] falls back on
// the embedded sample of Fashion-MNIST, class-balanced, with 4,000 training and 1,000 test images,
// and marks it (Set.Sample).
//
// Loading checks lengths, magic numbers and labels. Its error is one sentence that names the faulty
// file. Loading does not require the official checksums, because the same images in another order
// serve as well; [Check] compares the checksums. Files with fewer images than the official ones
// load if they contain whole images.
//
// # Contents
//
// A [Set] contains training and test images as bytes, [images][height][width][channels], and the
// mean and the standard deviation of each channel over the training images, on the scale 0..1.
//
// # Splits
//
// The test set is read once, at the end. All earlier decisions use training images.
// [Set.SearchHalves] splits them into the two halves of a search: one for the weights, one for the
// architecture. [Set.TrainValidation] holds images back from a training. Both splits depend on the
// seed alone and keep the proportions of the classes in every part. [Images.Share] selects a
// fraction of a part, for training with few labels.
package data
