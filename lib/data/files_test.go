package data

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"
)

// fake makes the files of a data set with n random images in each file. The labels cycle through
// the classes.
func fake(s spec, n int) map[string][]byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	noise := func(k int) []byte {
		b := make([]byte, k)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	files := map[string][]byte{}
	for _, p := range append(append([]part(nil), s.train...), s.test...) {
		if s.columns {
			labels := make([]byte, n)
			for i := range labels {
				labels[i] = byte(1 + i%len(s.classes))
			}
			files[p.images.name], files[p.labels.name] = noise(n*s.channels*s.side*s.side), labels
			continue
		}
		if s.matlab {
			labels := make([]byte, n)
			for i := range labels {
				labels[i] = byte((i+len(s.classes)-1)%len(s.classes) + 1)
			}
			files[p.images.name] = matlab(
				matrix("X", matUint8, noise(n*s.channels*s.side*s.side), s.side, s.side, s.channels, n),
				matrix("y", matUint8, labels, n, 1))
			continue
		}
		if p.labels.name != "" {
			labels := make([]byte, n)
			for i := range labels {
				labels[i] = byte(i % len(s.classes))
			}
			files[p.images.name] = zip(idx(noise(n*s.side*s.side), n, s.side, s.side))
			files[p.labels.name] = zip(idx(labels, n))
			continue
		}
		var b []byte
		for i := range n {
			if s.coarse > 0 {
				b = append(b, byte(i%s.coarse))
			}
			b = append(b, byte(i%len(s.classes)))
			b = append(b, noise(s.channels*s.side*s.side)...)
		}
		files[p.images.name] = b
	}
	return files
}

// matlab makes a MATLAB file of arrays that matrix makes.
func matlab(arrays ...[]byte) []byte {
	b := make([]byte, matHeader)
	copy(b, "MATLAB 5.0 MAT-file")
	copy(b[124:], "\x00\x01IM")
	for _, a := range arrays {
		b = append(b, a...)
	}
	return b
}

// matrix makes a compressed array.
func matrix(name string, kind uint32, values []byte, dims ...int) []byte {
	part := func(kind uint32, body []byte) []byte {
		b := binary.LittleEndian.AppendUint32(nil, kind)
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(body))), body...)
		return append(b, make([]byte, (8-len(b)%8)%8)...)
	}
	var sizes []byte
	for _, n := range dims {
		sizes = binary.LittleEndian.AppendUint32(sizes, uint32(n))
	}
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	z.Write(part(matMatrix, slices.Concat(part(matUint32, make([]byte, 8)), part(matInt32, sizes), part(matInt8, []byte(name)), part(kind, values))))
	z.Close()
	b := binary.LittleEndian.AppendUint32(nil, matCompressed)
	return append(binary.LittleEndian.AppendUint32(b, uint32(packed.Len())), packed.Bytes()...)
}

func idx(values []byte, sizes ...int) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(0x800+len(sizes)))
	for _, n := range sizes {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	return append(b, values...)
}

func zip(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

// entry is an entry of an archive; without kind it is a regular file.
type entry struct {
	name string
	body []byte
	kind byte
	size int64 // announced size, if it differs from the body's
}

func tgz(entries ...entry) []byte {
	var out bytes.Buffer
	t := tar.NewWriter(&out)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Typeflag: e.kind}
		switch e.kind {
		case 0:
			h.Typeflag, h.Size = tar.TypeReg, max(e.size, int64(len(e.body)))
		case tar.TypeSymlink, tar.TypeLink:
			h.Linkname = "/etc/passwd"
		}
		if err := t.WriteHeader(h); err != nil {
			panic(err)
		}
		t.Write(e.body)
	}
	t.Close()
	return zip(out.Bytes())
}

// archived returns the archive of a data set with these files.
func archived(s spec, files map[string][]byte) []byte {
	entries := []entry{{name: s.folder + "/", kind: tar.TypeDir}, {name: s.folder + "/readme.html", body: []byte("<html>")}}
	for _, f := range s.files() {
		if b, ok := files[f.name]; ok {
			entries = append(entries, entry{name: path.Join(s.folder, f.name), body: b})
		}
	}
	return tgz(entries...)
}

// put writes files into a folder of a new directory and returns the directory.
func put(t testing.TB, folder string, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, folder, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func specOf(t testing.TB, name string) spec {
	t.Helper()
	s, err := find(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
