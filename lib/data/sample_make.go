//go:build ignore

// This program makes the embedded sample, lib/data/sample, from the official files of
// Fashion-MNIST: the first 400 training and the first 100 test images of each class, in the order
// of the files.
//
//	cd lib/data && go run sample_make.go [-data DIR]
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"flag"
	"log"
	"os"
	"path/filepath"

	"github.com/essnas/essnas/lib/data"
)

func main() {
	dir := flag.String("data", "", "data directory; default $ESSNAS_DATA")
	flag.Parse()
	set, err := data.Load("fashion-mnist", *dir)
	if err != nil {
		log.Fatal(err)
	}
	write("train", first(set.Train, 400))
	write("t10k", first(set.Test, 100))
}

// first keeps n images of each class.
func first(im data.Images, n int) (out data.Images) {
	out = data.Images{Height: im.Height, Width: im.Width, Channels: im.Channels}
	var have [10]int
	for i, l := range im.Labels {
		if have[l] < n {
			have[l]++
			out.N++
			out.Labels = append(out.Labels, l)
			out.Pixels = append(out.Pixels, im.Picture(i)...)
		}
	}
	return out
}

func write(prefix string, im data.Images) {
	n, h, w := uint32(im.N), uint32(im.Height), uint32(im.Width)
	idx(prefix+"-images-idx3-ubyte.gz", []uint32{0x803, n, h, w}, im.Pixels)
	idx(prefix+"-labels-idx1-ubyte.gz", []uint32{0x801, n}, im.Labels)
}

func idx(name string, header []uint32, values []byte) {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err == nil {
		err = binary.Write(z, binary.BigEndian, header)
	}
	if err == nil {
		_, err = z.Write(values)
	}
	if err == nil {
		err = z.Close()
	}
	if err == nil {
		err = os.WriteFile(filepath.Join("sample", name), packed.Bytes(), 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}
