// Package data reads data sets from their official files: CIFAR-10 and CIFAR-100 (Krizhevsky 2009),
// Fashion-MNIST (Zalando SE 2017), MNIST (LeCun et al. 1998), KMNIST (Clanuwat et al. 2018), STL-10
// (Coates et al. 2011, 96 x 96 pixels) and SVHN (Netzer et al. 2011); and a user's own pictures
// from a folder.
//
// # Location of the files
//
// A data directory contains
//
//	cifar-10-batches-bin/{data_batch_1..5,test_batch}.bin         or cifar-10-binary.tar.gz
//	cifar-100-binary/{train,test}.bin                             or cifar-100-binary.tar.gz
//	fashion-mnist/{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz
//	mnist/, kmnist/                                               the same names
//	stl10_binary/{train,test}_{X,y}.bin                           or stl10_binary.tar.gz
//	svhn/{train,test}_32x32.mat
//	own/NAME.json                                                 names of [Add]
//
// or the same files as other programs leave them: unpacked, in torchvision's folders
// (FashionMNIST/raw), or CIFAR's Python version (cifar-10-batches-py, cifar-100-python), which is
// read without running the pickles. batches.meta.txt and fine_label_names.txt name the classes if
// they are there.
//
// The caller names the directory. The default is $ESSNAS_DATA, or else "data" in essnas's cache
// directory, which is also the default of [Fetch]. [Load] requires the files, and so does [Open]
// for a data set that is named. Without a name it falls back on the embedded sample of
// Fashion-MNIST, class-balanced, with 4,000 training and 1,000 test images, and marks it
// (Set.Sample).
//
// # Own pictures
//
// A folder with a folder of PNG, JPEG or WebP pictures for each class is a data set (see [Own] and
// [ParseOwn]): in train and test, or split by a seed. Pictures without folders have no labels. The
// middle square of each picture, turned upright, is scaled to one side. All pictures that can't be
// read are named in one error; their checksums identify the set.
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
