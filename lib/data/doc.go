// Package data reads the three data sets of the experiments from their official files: CIFAR-10 and CIFAR-100 (binary
// version, Krizhevsky 2009) and Fashion-MNIST (IDX, Zalando SE 2017).
//
// # Where files are
//
// A data directory holds
//
//	cifar-10-batches-bin/{data_batch_1..5,test_batch}.bin         or cifar-10-binary.tar.gz
//	cifar-100-binary/{train,test}.bin                             or cifar-100-binary.tar.gz
//	fashion-mnist/{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz
//
// The directory is the one that a call names; else $ESSNAS_DATA; else "data" in essnas's cache directory, which is where
// [Fetch] puts what it downloads unless told otherwise. [Load] wants the files, [Open] falls back on the embedded sample of
// Fashion-MNIST, class-balanced, 4,000 + 1,000 images, and marks it (Set.Sample).
//
// Loading trusts nothing: lengths, magic numbers and labels are checked, and whatever is wrong is one sentence that names the file.
// It does not ask for the official checksums, because the same images in another order are as good; [Check] reports whether they hold.
// Files with fewer images than the official ones load, whole images provided.
//
// # What comes out
//
// A [Set] has training and test images as bytes, [images][height][width][channels], and the training images' mean and standard
// deviation for each channel, on the scale 0..1.
//
// # Splits
//
// The test set is read once, at the end. What is chosen on the way is chosen on training images: [Set.SearchHalves] gives
// a search its two halves (one for the weights, one for the architecture), [Set.TrainValidation] holds images back from a training
// run. Both depend on the seed alone, and every part has the classes in the proportions of the whole. [Images.Share] keeps a share
// of a part, for training with few labels.
package data
