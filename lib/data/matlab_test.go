package data

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMatlabFilesOfScipyAreRead: the files of testdata/svhn.py give its images and digits.
func TestMatlabFilesOfScipyAreRead(t *testing.T) {
	golden := func(name string) []byte {
		raw, err := os.ReadFile(filepath.Join("testdata", "svhn", name))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	s := specOf(t, "svhn")
	for _, name := range []string{"bytes.mat", "doubles.mat", "unpacked.mat"} {
		im := Images{Height: s.side, Width: s.side, Channels: s.channels}
		if err := s.parseMatlab(&im, golden(name), s.train[0]); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(im.Pixels, golden("images.bin")) || !bytes.Equal(im.Labels, golden("labels.bin")) || im.N != 3 {
			t.Errorf("%s: %d images with the labels %v differ from those that scipy wrote", name, im.N, im.Labels)
		}
	}
}

func TestDamagedMatlabFilesAreRefusedInOneSentence(t *testing.T) {
	s := specOf(t, "svhn")
	x := func(n int) []byte { return matrix("X", matUint8, make([]byte, n*32*32*3), 32, 32, 3, n) }
	y := func(labels ...byte) []byte { return matrix("y", matUint8, labels, len(labels), 1) }
	whole := matlab(x(2), y(1, 10))
	old := bytes.Clone(whole)
	old[125] = 2 // version 7.3, which is HDF5
	for name, c := range map[string]struct {
		raw  []byte
		says string
	}{
		"empty":            {nil, "version 5"},
		"version":          {old, "version 5"},
		"cut short":        {whole[:len(whole)-1], "cut short"},
		"not compressed":   {append(bytes.Clone(whole[:matHeader+8]), make([]byte, len(whole)-matHeader-8)...), "unpacked"},
		"no images":        {matlab(y(1)), "no array X"},
		"no labels":        {matlab(x(1)), "no array y"},
		"side":             {matlab(matrix("X", matUint8, make([]byte, 28*28*3), 28, 28, 3, 1), y(1)), "no array X"},
		"label 0":          {matlab(x(1), y(0)), "label 0"},
		"label 11":         {matlab(x(1), y(11)), "label 11"},
		"fraction":         {matlab(x(1), matrix("y", matDouble, binary.LittleEndian.AppendUint64(nil, 0x3ff8000000000000), 1, 1)), "1.5"},
		"fewer labels":     {matlab(x(2), y(1)), "1 labels for 2 images"},
		"dimensions":       {matlab(matrix("X", matUint8, make([]byte, 32*32*3), 32, 32, 3, 2), y(1)), "dimensions"},
		"huge dimensions":  {matlab(matrix("X", matUint8, nil, 1<<30, 1<<30, 1<<30, 1<<30), y(1)), "version 5"},
		"larger than real": {matlab(x(6), y(1)), "more images"},
	} {
		im := Images{Height: s.side, Width: s.side, Channels: s.channels}
		if err := s.parseMatlab(&im, c.raw, part{official: 5}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q in it", name, err, c.says)
		}
	}
}

// FuzzMatlab: files of any content are refused, or they give whole images with labels of the set.
func FuzzMatlab(f *testing.F) {
	s := specOf(f, "svhn")
	f.Add(fake(s, 2)["train_32x32.mat"])
	for _, name := range []string{"doubles.mat", "unpacked.mat"} {
		raw, err := os.ReadFile(filepath.Join("testdata", "svhn", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		im := Images{Height: s.side, Width: s.side, Channels: s.channels}
		if err := s.parseMatlab(&im, raw, part{official: 100}); err != nil {
			return
		}
		if im.N == 0 || len(im.Labels) != im.N || len(im.Pixels) != im.N*32*32*3 {
			t.Fatalf("%d images, %d labels, %d bytes", im.N, len(im.Labels), len(im.Pixels))
		}
		for _, l := range im.Labels {
			if int(l) >= len(s.classes) {
				t.Fatalf("label %d", l)
			}
		}
	})
}
