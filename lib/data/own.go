package data

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/essnas/essnas/lib/internal/atomicfile"
)

// Own describes a user's own pictures: a folder, or a .zip archive of one.
//
//	PATH/train/CLASS/*  and  PATH/test/CLASS/*    training and test pictures
//	PATH/CLASS/*                                  pictures that are split by Seed
//	PATH/*                                        pictures without labels, for pretrainings
type Own struct {
	Path string `json:"path"` // absolute
	Side int    `json:"side"` // side of the scaled squares, a multiple of 4
	// share of each class that becomes test pictures if the folder has no folder test
	Test float64 `json:"test"`
	Seed uint64  `json:"seed"` // seed of the choice of test pictures
}

// NewOwn returns the pictures at path with the settings of the field: side 32, a fifth for tests.
func NewOwn(path string) Own { return Own{Path: path, Side: 32, Test: 0.2, Seed: 1} }

// ParseOwn reads a reference to a user's pictures: PATH, or PATH:side=64,test=0.1,seed=2 with any
// of these settings. It returns an error for an unknown setting or a value out of range.
func ParseOwn(text string) (Own, error) {
	path, settings := text, ""
	if at := strings.LastIndexByte(text, ':'); at >= 0 && strings.Contains(text[at:], "=") {
		path, settings = text[:at], text[at+1:]
	}
	o := NewOwn(path)
	for setting := range strings.SplitSeq(settings, ",") {
		if setting == "" {
			continue
		}
		name, value, _ := strings.Cut(setting, "=")
		var err error
		switch name {
		case "side":
			o.Side, err = strconv.Atoi(value)
		case "test":
			o.Test, err = strconv.ParseFloat(value, 64)
		case "seed":
			o.Seed, err = strconv.ParseUint(value, 10, 64)
		default:
			return o, fmt.Errorf("%q is no setting of a folder of pictures: use side=64, test=0.1 or seed=2 behind the colon", name)
		}
		if err != nil {
			return o, fmt.Errorf("%s=%s is not a number: write for example %s:side=64", name, value, path)
		}
	}
	return o, o.check()
}

func (o Own) check() error {
	switch {
	case o.Path == "":
		return errors.New("which pictures? Name a folder, or a .zip archive of one")
	case o.Side < 8 || o.Side > 1024 || o.Side%4 != 0:
		return fmt.Errorf("side is %d: give a multiple of 4 from 8 to 1024", o.Side)
	case !(o.Test > 0 && o.Test < 1):
		return fmt.Errorf("test is %g: give a share between 0 and 1", o.Test)
	}
	return nil
}

// String returns the reference that ParseOwn reads.
func (o Own) String() string {
	d := NewOwn(o.Path)
	var settings []string
	if o.Side != d.Side {
		settings = append(settings, fmt.Sprintf("side=%d", o.Side))
	}
	if o.Test != d.Test {
		settings = append(settings, fmt.Sprintf("test=%g", o.Test))
	}
	if o.Seed != d.Seed {
		settings = append(settings, fmt.Sprintf("seed=%d", o.Seed))
	}
	if settings == nil && !strings.Contains(o.Path, "=") {
		return o.Path
	}
	return o.Path + ":" + strings.Join(settings, ",")
}

// name is the folder's name, or the archive's without its ending, in the letters of run
// directories.
func (o Own) name() string {
	base := strings.TrimSuffix(filepath.Base(o.Path), ".zip")
	name := strings.Trim(unsafe.ReplaceAllString(base, "-"), "-.")
	if name == "" {
		return "pictures"
	}
	return name
}

var unsafe = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// Add gives a user's pictures a name, under which every command finds them in the data directory
// dir (see [Directory]). It reads all of them first and returns the data set.
//
// Add returns the errors of Load, and an error for a name that is taken, or that is not of
// lower-case letters, digits, dots and dashes.
func Add(name, reference, dir string) (*Set, error) {
	if !naming.MatchString(name) || name == "sample" || slices.Contains(Names(), name) {
		return nil, fmt.Errorf("%q can't be the name of a data set: take lower-case letters, digits, dots and dashes, and none of sample, %s", name, strings.Join(Names(), ", "))
	}
	o, err := ParseOwn(reference)
	if err != nil {
		return nil, err
	}
	if o.Path, err = filepath.Abs(o.Path); err != nil {
		return nil, err
	}
	if dir, err = Directory(dir); err != nil {
		return nil, err
	}
	file := registered(name, dir)
	if old, err := readOwn(file); err == nil && old != o {
		return nil, fmt.Errorf("%s is already the name of %s: choose another name, or delete %s", name, old, file)
	}
	set, err := o.load()
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := atomicfile.MkdirAll(filepath.Dir(file)); err != nil {
		return nil, err
	}
	set.Name, set.Title = name, name
	return set, atomicfile.WriteBytes(file, append(text, '\n'))
}

var naming = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,63}$`)

func registered(name, dir string) string { return filepath.Join(dir, "own", name+".json") }

// readOwn reads a file that Add has written.
func readOwn(file string) (o Own, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return o, err
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return o, fmt.Errorf("%s can't be read (%w): delete it, and add the data set again", file, err)
	}
	return o, o.check()
}

// findOwn returns the user's pictures with this name: a name of Add, or a reference to a folder.
// found is false for other names.
func findOwn(name, dir string) (o Own, found bool, err error) {
	if naming.MatchString(name) {
		if dir, err = Directory(dir); err != nil {
			return o, false, err
		}
		o, err = readOwn(registered(name, dir))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return o, true, err
		}
	}
	o, err = ParseOwn(name)
	if err == nil {
		if _, stat := os.Stat(o.Path); stat == nil {
			o.Path, err = filepath.Abs(o.Path)
			return o, true, err
		}
	}
	if strings.ContainsAny(name, `/\:`) { // a path, if a wrong one
		if err == nil {
			err = fmt.Errorf("there are no pictures at %s: name a folder with a folder of pictures for each class", o.Path)
		}
		return o, true, err
	}
	return o, false, nil
}

// ownNames lists the names of Add in a data directory.
func ownNames(dir string) (names []string) {
	entries, err := os.ReadDir(filepath.Join(dir, "own"))
	if err != nil {
		return nil // nothing was added
	}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".json"); ok && naming.MatchString(name) {
			names = append(names, name)
		}
	}
	return
}
