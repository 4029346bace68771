package data

import (
	archive "archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/essnas/essnas/lib/data/picture"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

const (
	maxFile    = 128 << 20             // bytes of a picture's file
	decoding   = 2 * picture.MaxBytes  // bytes that pictures may take while they are decoded
	maxClasses = 256                   // a label is a byte
	maxFaults  = 8                     // pictures that a message names
	Unlabelled = "unlabelled pictures" // the only class of pictures without labels
)

// shot is a picture of a folder.
type shot struct {
	name  string // path in the folder, with slashes
	class int
	sum   [sha256.Size]byte
}

// album lists the classes and the pictures of a folder, before the pictures are read.
type album struct {
	classes     []string
	train, test []shot
}

// open returns the folder's or the archive's files.
func (o Own) open() (fs.FS, io.Closer, error) {
	info, err := os.Stat(o.Path)
	if err != nil {
		return nil, nil, fmt.Errorf("there are no pictures at %s: %w", o.Path, plain(err))
	}
	if info.IsDir() {
		return os.DirFS(o.Path), io.NopCloser(nil), nil
	}
	if !strings.EqualFold(filepath.Ext(o.Path), ".zip") {
		return nil, nil, fmt.Errorf("%s is a file: name a folder of pictures, or a .zip archive of one", o.Path)
	}
	z, err := archive.OpenReader(o.Path)
	if err != nil {
		return nil, nil, fmt.Errorf("%s is not a whole .zip archive (%w)", o.Path, err)
	}
	for _, f := range z.File {
		if name := strings.TrimSuffix(f.Name, "/"); !fs.ValidPath(name) || strings.Contains(name, `\`) {
			z.Close()
			return nil, nil, fmt.Errorf("%s has an entry %q outside its folder: make the archive anew", o.Path, f.Name)
		}
	}
	return z, z, nil
}

// hidden reports whether a file is one that operating systems leave in folders.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || name == "__MACOSX" || strings.EqualFold(name, "thumbs.db") || strings.EqualFold(name, "desktop.ini")
}

// list returns the folders and the files in a folder, in the order of their names.
func list(files fs.FS, dir string) (folders, pictures []string, err error) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if hidden(e.Name()) {
			continue
		}
		info, err := fs.Stat(files, path.Join(dir, e.Name())) // follows links
		if err != nil {
			return nil, nil, err
		}
		if info.IsDir() {
			folders = append(folders, e.Name())
		} else {
			pictures = append(pictures, e.Name())
		}
	}
	return
}

// look finds the classes and the pictures of a folder.
func (o Own) look(files fs.FS) (a album, err error) {
	root := "."
	folders, loose, err := list(files, root)
	if err != nil {
		return a, fmt.Errorf("%s can't be read: %w", o.Path, plain(err))
	}
	for len(folders) == 1 && len(loose) == 0 && folders[0] != "train" { // an archive's own folder
		inner, pictures, err := list(files, path.Join(root, folders[0]))
		if err != nil {
			return a, err
		}
		if len(pictures) > 0 || len(inner) == 0 {
			break
		}
		root, folders, loose = path.Join(root, folders[0]), inner, pictures
	}
	collect := func(dir string, classes []string) (shots []shot, err error) {
		for i, class := range classes {
			inner, names, err := list(files, path.Join(dir, class))
			if err != nil {
				return nil, err
			}
			if len(inner) > 0 {
				return nil, fmt.Errorf("%s has a folder %s in the folder of a class: give each class one folder", o.Path, path.Join(dir, class, inner[0]))
			}
			if len(names) == 0 {
				return nil, fmt.Errorf("%s has no pictures of the class %s in %s: add some, or remove the folder", o.Path, class, path.Join(dir, class))
			}
			for _, name := range names {
				shots = append(shots, shot{name: path.Join(dir, class, name), class: i})
			}
		}
		return shots, nil
	}
	switch {
	case slices.Contains(folders, "train"):
		train := path.Join(root, "train")
		if a.classes, _, err = list(files, train); err != nil {
			return a, err
		}
		if a.train, err = collect(train, a.classes); err != nil {
			return a, err
		}
		if slices.Contains(folders, "test") {
			test := path.Join(root, "test")
			there, _, err := list(files, test)
			if err != nil {
				return a, err
			}
			if !slices.Equal(there, a.classes) {
				return a, fmt.Errorf("%s has the classes %s in train and %s in test: both need the same folders", o.Path, strings.Join(a.classes, ", "), strings.Join(there, ", "))
			}
			if a.test, err = collect(test, a.classes); err != nil {
				return a, err
			}
		}
	case len(folders) > 0:
		a.classes = folders
		if a.train, err = collect(root, folders); err != nil {
			return a, err
		}
	default:
		a.classes = []string{Unlabelled}
		for _, name := range loose {
			a.train = append(a.train, shot{name: path.Join(root, name)})
		}
	}
	switch {
	case len(a.train) == 0:
		return a, fmt.Errorf("there are no pictures in %s: it needs a folder of pictures for each class", o.Path)
	case len(a.classes) > maxClasses:
		return a, fmt.Errorf("%s has %d classes: at most %d can be told apart", o.Path, len(a.classes), maxClasses)
	}
	if a.test == nil {
		a.train, a.test = o.split(a.train, len(a.classes))
		if len(a.test) == 0 || len(a.train) == 0 {
			return a, fmt.Errorf("%s has too few pictures to hold a share of %g of each class back for tests: add some", o.Path, o.Test)
		}
	}
	return a, nil
}

// split takes a share of the pictures of each class, rounded down but one at least if there are
// two, as test pictures. Both parts keep their order.
func (o Own) split(all []shot, classes int) (train, test []shot) {
	members := make([][]int, classes)
	for i, s := range all {
		members[s.class] = append(members[s.class], i)
	}
	chosen := map[int]bool{}
	for class, m := range members {
		r := rand.New(rand.NewPCG(o.Seed, uint64(class)))
		n := int(o.Test * float64(len(m)))
		if n == 0 && len(m) > 1 {
			n = 1
		}
		for _, k := range r.Perm(len(m))[:n] {
			chosen[m[k]] = true
		}
	}
	for i, s := range all {
		if chosen[i] {
			test = append(test, s)
		} else {
			train = append(train, s)
		}
	}
	return
}

// load reads all pictures. It returns an error that names those that can't be read.
func (o Own) load() (*Set, error) {
	files, closer, err := o.open()
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	a, err := o.look(files)
	if err != nil {
		return nil, err
	}
	all := slices.Concat(a.train, a.test)
	const colours = 3
	size := o.Side * o.Side * colours
	pixels := make([]uint8, len(all)*size)
	if err := o.read(files, all, pixels, size); err != nil {
		return nil, err
	}
	channels := colours
	if grey(pixels) {
		for i := range len(pixels) / colours {
			pixels[i] = pixels[i*colours]
		}
		channels, size = 1, size/colours
		pixels = slices.Clip(pixels[:len(all)*size])
	}
	set := &Set{Name: o.name(), Title: o.Path, Own: o.String(), Unlabelled: len(a.classes) == 1 && a.classes[0] == Unlabelled, Classes: a.classes, Checksums: map[string]string{}}
	for _, split := range []struct {
		name        string
		to          *Images
		first, last int
	}{{"train", &set.Train, 0, len(a.train)}, {"test", &set.Test, len(a.train), len(all)}} {
		shots := all[split.first:split.last]
		*split.to = Images{N: len(shots), Height: o.Side, Width: o.Side, Channels: channels, Pixels: pixels[split.first*size : split.last*size : split.last*size]}
		sum := sha256.New()
		for _, s := range shots {
			split.to.Labels = append(split.to.Labels, uint8(s.class))
			fmt.Fprintf(sum, "%x  %s\n", s.sum, s.name)
		}
		fmt.Fprintf(sum, "side %d\n", o.Side)
		set.Checksums[o.name()+"/"+split.name] = hexSum(sum)
	}
	return set.finish()
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// read decodes the pictures into pixels, size bytes each, and notes their checksums.
func (o Own) read(files fs.FS, all []shot, pixels []uint8, size int) error {
	room := semaphore.NewWeighted(decoding)
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	var mu sync.Mutex
	var faults []string
	for i := range all {
		group.Go(func() error {
			s := &all[i]
			square, err := s.read(files, room, o.Side)
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				faults = append(faults, fmt.Sprintf("%s %v", s.name, err))
				return nil
			}
			copy(pixels[i*size:], square)
			return nil
		})
	}
	group.Wait() // no error: faults are collected
	if len(faults) == 0 {
		return nil
	}
	slices.Sort(faults)
	more := ""
	if n := len(faults) - maxFaults; n > 0 {
		faults, more = faults[:maxFaults], fmt.Sprintf("; and %d more", n)
	}
	return fmt.Errorf("%s has pictures that can't be used: %s%s; repair or remove them", o.Path, strings.Join(faults, "; "), more)
}

// read decodes a picture to [side, side, 3] and notes its checksum.
func (s *shot) read(files fs.FS, room *semaphore.Weighted, side int) ([]uint8, error) {
	f, err := files.Open(s.name)
	if err != nil {
		return nil, fmt.Errorf("can't be read: %w", plain(err))
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("can't be read: %w", plain(err))
	}
	if len(raw) > maxFile {
		return nil, errors.New("is larger than 128 MiB")
	}
	s.sum = sha256.Sum256(raw)
	n, err := picture.Size(raw)
	if err != nil {
		return nil, err
	}
	if err := room.Acquire(context.Background(), n); err != nil {
		return nil, err
	}
	defer room.Release(n)
	im, err := picture.Decode(raw)
	if err != nil {
		return nil, err
	}
	return picture.Square(im, side, 3), nil
}

// grey reports whether all pixels [n, 3] are grey.
func grey(pixels []uint8) bool {
	for i := 0; i+2 < len(pixels); i += 3 {
		if pixels[i] != pixels[i+1] || pixels[i] != pixels[i+2] {
			return false
		}
	}
	return true
}

// version identifies the pictures by their names, sizes and times, without reading them.
func (o Own) version() (string, error) {
	files, closer, err := o.open()
	if err != nil {
		return "", err
	}
	defer closer.Close()
	if _, isZip := files.(*archive.ReadCloser); isZip {
		info, err := os.Stat(o.Path)
		if err != nil {
			return "", err
		}
		return fmt.Sprintln(o, info.Size(), info.ModTime().UnixNano()), nil
	}
	a, err := o.look(files)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintln(sum, o)
	for _, s := range slices.Concat(a.train, a.test) {
		info, err := fs.Stat(files, s.name)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(sum, s.name, info.Size(), info.ModTime().UnixNano())
	}
	return hexSum(sum), nil
}
