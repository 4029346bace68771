package data

import (
	"fmt"
	"slices"
	"strings"
)

// spec describes the official files of a data set.
type spec struct {
	name, title    string
	classes        []string
	coarse         int // classes of the byte before the label; 0: no such byte
	side, channels int
	folder         string // in the data directory
	pickled        string // folder of the Python version; "" if there is none
	torchvision    string // its folder there, which has a folder raw; "" if there is none
	// loose marks the data set whose files may lie in the data directory itself. Other data sets have
	// files of the same names.
	loose bool
	// columns marks images and labels as plain bytes in two files: planes of columns, and labels from
	// 1 (STL-10).
	columns bool
	// matlab marks images and labels as two arrays of one MATLAB file (SVHN).
	matlab      bool
	train, test []part
	archive     download // of the whole folder; without URL the parts are downloaded one by one
	license     string
}

// part is a file of records, or an IDX pair.
type part struct {
	images, labels download // labels.name is "" for records
	official       int      // number of images
}

// download is a file as its authors publish it. most is an upper bound of its bytes: a download
// that is larger is broken off.
type download struct {
	name, url, md5 string
	most           int64
}

// limit is an upper bound of the size of a part's images. Larger files are refused before they are
// read.
func (p part) limit(s spec) int64 {
	return int64(p.official)*int64(2+s.side*s.side*s.channels) + 1024
}

// Names returns the names of the data sets that Load knows.
func Names() []string {
	return []string{"cifar10", "cifar100", "fashion-mnist", "mnist", "kmnist", "stl10", "svhn"}
}

// Title returns the usual spelling of a data set's name.
func Title(name string) string {
	if s, err := find(name); err == nil {
		return s.title
	}
	return name
}

func find(name string) (spec, error) {
	all := Names()
	i := slices.Index(all, name)
	if i < 0 {
		return spec{}, fmt.Errorf("unknown data set %q: use one of %s, or the path of a folder of pictures", name, strings.Join(all, ", "))
	}
	return []func() spec{cifar10, cifar100, fashionMNIST, mnist, kmnist, stl10, svhn}[i]().bounded(), nil
}

func cifar10() spec {
	s := spec{
		name: "cifar10", title: "CIFAR-10", side: 32, channels: 3,
		classes: strings.Fields("airplane automobile bird cat deer dog frog horse ship truck"),
		folder:  "cifar-10-batches-bin",
		pickled: "cifar-10-batches-py",
		archive: download{name: "cifar-10-binary.tar.gz", url: kriz + "cifar-10-binary.tar.gz", md5: "c32a1d4ab5d03f1284b67883e8d87530"},
		license: "published without a licence; cite A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
	}
	for i := range 5 {
		s.train = append(s.train, part{images: download{name: fmt.Sprintf("data_batch_%d.bin", i+1)}, official: 10000})
	}
	s.test = []part{{images: download{name: "test_batch.bin"}, official: 10000}}
	return s
}

func cifar100() spec {
	return spec{
		name: "cifar100", title: "CIFAR-100", side: 32, channels: 3, coarse: 20,
		classes: strings.Fields(`apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can
			castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
			forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain
			mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit
			raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper
			table tank telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm`),
		folder:  "cifar-100-binary",
		pickled: "cifar-100-python",
		train:   []part{{images: download{name: "train.bin"}, official: 50000}},
		test:    []part{{images: download{name: "test.bin"}, official: 10000}},
		archive: download{name: "cifar-100-binary.tar.gz", url: kriz + "cifar-100-binary.tar.gz", md5: "03b5dce01913d631647c71ecec9e9cb8"},
		license: "published without a licence; cite A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
	}
}

func fashionMNIST() spec {
	s := idxPairs(zalando, "8d4fb7e6c68d591d4c3dfef9ec88bf0d", "25c81989df183df01b3e8a0aad5dffbe", "bef4ecab320f06d8554ea6380940ec79", "bb300cfdad3c16e7a12a480ee83cd310")
	s.name, s.title, s.folder, s.license = "fashion-mnist", "Fashion-MNIST", "fashion-mnist", "MIT, Zalando SE"
	s.classes = []string{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"}
	s.torchvision, s.loose = "FashionMNIST", true
	return s
}

func mnist() spec {
	s := idxPairs(lecun, "f68b3c2dcbeaaa9fbdd348bbdeb94873", "d53e105ee54ea40749a09fcbcd1e9432", "9fb629c4189551a2d022fa330f9573f3", "ec29112dd5afa0611ce80d1b7f02629c")
	s.name, s.title, s.folder, s.torchvision = "mnist", "MNIST", "mnist", "MNIST"
	s.license = "published without a licence; cite Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document recognition, 1998"
	s.classes = strings.Fields("0 1 2 3 4 5 6 7 8 9")
	return s
}

func kmnist() spec {
	s := idxPairs(codh, "bdb82020997e1d708af4cf47b453dcf7", "e144d726b3acfaa3e44228e80efcd344", "5c965bf0a639b31b8f53240b1b52f4d7", "7320c461ea6c1c855c0b718fb2a4b134")
	s.name, s.title, s.folder, s.torchvision = "kmnist", "KMNIST", "kmnist", "KMNIST"
	s.license = "CC BY-SA 4.0, ROIS-DS Center for Open Data in the Humanities (arXiv:1812.01718)"
	s.classes = strings.Fields("o ki su tsu na ha ma ya re wo")
	return s
}

// The checksums are those that torchvision requires (torchvision/datasets/stl10.py). The archive
// has 100,000 images without labels as well, which are not read.
func stl10() spec {
	return spec{
		name: "stl10", title: "STL-10", side: 96, channels: 3, columns: true,
		classes: strings.Fields("airplane bird car cat deer dog horse monkey ship truck"),
		folder:  "stl10_binary",
		train:   []part{{download{name: "train_X.bin", md5: "918c2871b30a85fa023e0c44e0bee87f"}, download{name: "train_y.bin", md5: "5a34089d4802c674881badbb80307741"}, 5000}},
		test:    []part{{download{name: "test_X.bin", md5: "7f263ba9f9e0b06b93213547f721ac82"}, download{name: "test_y.bin", md5: "36f9794fa4beb8a2c72628de14fa638e"}, 8000}},
		archive: download{name: "stl10_binary.tar.gz", url: coates + "stl10_binary.tar.gz", md5: "91f7769df0f17e558f3565bffb0c7dfb", most: 100000 * 3 * 96 * 96},
		license: "published without a licence, from ImageNet; cite A. Coates, H. Lee, A. Y. Ng, An Analysis of Single-Layer Networks in Unsupervised Feature Learning, 2011",
	}
}

// The checksums are those that torchvision requires (torchvision/datasets/svhn.py). The 531,131
// easier images of extra_32x32.mat are not read.
func svhn() spec {
	file := func(name, md5 string, official int) []part {
		return []part{{images: download{name: name, url: netzer + name, md5: md5}, official: official}}
	}
	return spec{
		name: "svhn", title: "SVHN", side: 32, channels: 3, matlab: true,
		classes: strings.Fields("0 1 2 3 4 5 6 7 8 9"),
		folder:  "svhn",
		train:   file("train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373", 73257),
		test:    file("test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3", 26032),
		license: "for non-commercial use; cite Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu, A. Y. Ng, Reading Digits in Natural Images with Unsupervised Feature Learning, 2011",
	}
}

// idxPairs returns the files of a data set in MNIST's format and with MNIST's names: 60,000
// training images, their labels, 10,000 test images, their labels, with these checksums.
func idxPairs(url, trainImages, trainLabels, testImages, testLabels string) spec {
	file := func(name, md5 string) download { return download{name: name, url: url + name, md5: md5} }
	return spec{
		side: 28, channels: 1,
		train: []part{{file("train-images-idx3-ubyte.gz", trainImages), file("train-labels-idx1-ubyte.gz", trainLabels), 60000}},
		test:  []part{{file("t10k-images-idx3-ubyte.gz", testImages), file("t10k-labels-idx1-ubyte.gz", testLabels), 10000}},
	}
}

// bounded sets the bounds of the downloads: packed files are larger than unpacked ones by some
// bytes at most. The bound of an archive covers its other files as well.
func (s spec) bounded() spec {
	for _, parts := range [][]part{s.train, s.test} {
		for i := range parts {
			p := &parts[i]
			p.images.most = p.limit(s)
			p.labels.most = int64(p.official) + 1024
			s.archive.most += p.limit(s) + 1<<16
		}
	}
	return s
}

// Addresses at which the authors publish their files. Those of Fashion-MNIST, KMNIST, STL-10 and
// SVHN are not encrypted: the checksums verify the files. MNIST's authors have removed their files;
// the address is that of PyTorch, whose files have the authors' checksums.
const (
	kriz    = "https://www.cs.toronto.edu/~kriz/"
	zalando = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
	lecun   = "https://ossci-datasets.s3.amazonaws.com/mnist/"
	codh    = "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"
	coates  = "http://ai.stanford.edu/~acoates/stl10/"
	netzer  = "http://ufldl.stanford.edu/housenumbers/"
)

// files lists all files of a data set in reading order.
func (s spec) files() (all []download) {
	for _, p := range slices.Concat(s.train, s.test) {
		all = append(all, p.images)
		if p.labels.name != "" {
			all = append(all, p.labels)
		}
	}
	return
}
