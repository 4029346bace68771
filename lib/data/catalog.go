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
	train, test    []part
	archive        download // of the whole folder; without URL the parts are downloaded one by one
	license        string
}

// part is a file of records, or an IDX pair.
type part struct {
	images, labels download // labels.name is "" for records
	official       int      // number of images
}

// download is a file as its authors publish it.
type download struct{ name, url, md5 string }

// limit is an upper bound of the size of a part's images. Larger files are refused before they are
// read.
func (p part) limit(s spec) int64 {
	return int64(p.official)*int64(2+s.side*s.side*s.channels) + 1024
}

// Names returns the names of the data sets that Load knows.
func Names() []string { return []string{"cifar10", "cifar100", "fashion-mnist"} }

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
	return []func() spec{cifar10, cifar100, fashionMNIST}[i](), nil
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
	file := func(name, md5 string) download { return download{name, zalando + name, md5} }
	return spec{
		name: "fashion-mnist", title: "Fashion-MNIST", side: 28, channels: 1,
		classes: []string{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"},
		folder:  "fashion-mnist",
		train: []part{{
			images:   file("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
			labels:   file("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
			official: 60000,
		}},
		test: []part{{
			images:   file("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
			labels:   file("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
			official: 10000,
		}},
		license: "MIT, Zalando SE",
	}
}

// Addresses at which the authors publish their files.
const (
	kriz    = "https://www.cs.toronto.edu/~kriz/"
	zalando = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
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
