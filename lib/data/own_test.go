package data

import (
	archive "archive/zip"
	"bytes"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// drawing is a PNG of one colour.
func drawing(t *testing.T, c color.Color) []byte {
	t.Helper()
	im := image.NewRGBA(image.Rect(0, 0, 20, 12))
	for i := range 20 * 12 {
		im.Set(i%20, i/20, c)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// folder writes files to a new directory.
func folder(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "my flowers")
	if err := os.CopyFS(dir, mapFS(files)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func mapFS(files map[string][]byte) fs.FS {
	m := fstest.MapFS{}
	for name, raw := range files {
		m[name] = &fstest.MapFile{Data: raw, Mode: 0o644}
	}
	return m
}

var red, green, blue, white = color.RGBA{R: 255, A: 255}, color.RGBA{G: 255, A: 255}, color.RGBA{B: 255, A: 255}, color.RGBA{255, 255, 255, 255}

// flowers are six pictures of two classes.
func flowers(t *testing.T) map[string][]byte {
	return map[string][]byte{
		"rose/a.png": drawing(t, red), "rose/b.png": drawing(t, blue), "rose/c.png": drawing(t, red),
		"daisy/a.png": drawing(t, white), "daisy/b.png": drawing(t, green), "daisy/c.png": drawing(t, white),
		"daisy/Thumbs.db": {1}, ".git/config": {1}, "readme.txt": {1},
	}
}

func TestAFolderOfFoldersIsADataSet(t *testing.T) {
	dir := folder(t, flowers(t))
	set, err := Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(set.Classes, []string{"daisy", "rose"}) || set.Train.N != 4 || set.Test.N != 2 || set.Train.Channels != 3 || set.Train.Height != 32 || set.Name != "my-flowers" || set.Own != dir {
		t.Errorf("got %+v", set)
	}
	for _, im := range []Images{set.Train, set.Test} {
		if h := im.Histogram(2); h[0] != h[1] {
			t.Errorf("the classes have %v pictures", h)
		}
		for i := range im.N { // a daisy has green in it
			if daisy := im.Picture(i)[1] > 200; daisy != (im.Labels[i] == 0) {
				t.Errorf("picture %d has the label %d", i, im.Labels[i])
			}
		}
	}
	again, err := Open(dir+":seed=2", "")
	if err != nil || again.Checksums["my-flowers/train"] == set.Checksums["my-flowers/train"] {
		t.Errorf("another seed gives the same split (%v)", err)
	}
	small, err := Open(dir+":side=8", "")
	if err != nil || small.Train.Height != 8 || small.Checksums["my-flowers/train"] == set.Checksums["my-flowers/train"] {
		t.Errorf("side 8 (%v): %d pixels, and the checksums do not tell", err, small.Train.Height)
	}
}

func TestAFolderMayNameItsTestPictures(t *testing.T) {
	files := map[string][]byte{}
	for name, raw := range flowers(t) {
		files["train/"+name], files["test/"+name] = raw, raw
	}
	set, err := Open(folder(t, files), "")
	if err != nil || set.Train.N != 6 || set.Test.N != 6 {
		t.Fatalf("got %+v, %v", set, err)
	}
	delete(files, "test/rose/a.png")
	delete(files, "test/rose/b.png")
	delete(files, "test/rose/c.png")
	if _, err := Open(folder(t, files), ""); err == nil || !strings.Contains(err.Error(), "daisy, rose in train and daisy in test") {
		t.Errorf("test without a class: %v", err)
	}
}

func TestGreyPicturesHaveOneChannel(t *testing.T) {
	set, err := Open(folder(t, map[string][]byte{"a/1.png": drawing(t, color.Gray{10}), "a/2.png": drawing(t, color.Gray{10}), "b/1.png": drawing(t, color.Gray{200}), "b/2.png": drawing(t, color.Gray{200})}), "")
	if err != nil {
		t.Fatal(err)
	}
	if set.Train.Channels != 1 || len(set.Train.Pixels) != 2*32*32 || set.Train.Pixels[0] != 10 || set.Train.Pixels[32*32] != 200 {
		t.Errorf("%d channels, pixels %d and %d", set.Train.Channels, set.Train.Pixels[0], set.Train.Pixels[32*32])
	}
}

func TestLoosePicturesAreUnlabelled(t *testing.T) {
	files := map[string][]byte{}
	for _, name := range []string{"1.png", "2.png", "3.png", "4.png", "5.png"} {
		files[name] = drawing(t, red)
	}
	files["6.png"] = drawing(t, green)
	files["7.png"] = drawing(t, white)
	set, err := Open(folder(t, files), "")
	if err != nil || !set.Unlabelled || len(set.Classes) != 1 || set.Train.N != 6 || set.Test.N != 1 {
		t.Errorf("got %+v, %v", set, err)
	}
}

func TestPicturesThatCantBeReadAreAllNamed(t *testing.T) {
	files := flowers(t)
	files["rose/torn.png"] = files["rose/a.png"][:40]
	files["daisy/notes.txt"] = []byte("hello")
	_, err := Open(folder(t, files), "")
	for _, want := range []string{"rose/torn.png", "daisy/notes.txt", "repair or remove"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
}

func TestAnArchiveIsReadAsItsFolder(t *testing.T) {
	write := func(files map[string][]byte) string {
		file := filepath.Join(t.TempDir(), "flowers.zip")
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		z := archive.NewWriter(f)
		for name, raw := range files {
			w, err := z.Create(name)
			if err == nil {
				_, err = w.Write(raw)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return file
	}
	inside := map[string][]byte{}
	for name, raw := range flowers(t) {
		inside["flowers/"+name] = raw
	}
	delete(inside, "flowers/readme.txt")
	set, err := Open(write(inside), "")
	if err != nil || set.Train.N != 4 || !slices.Equal(set.Classes, []string{"daisy", "rose"}) {
		t.Errorf("got %+v, %v", set, err)
	}
	for _, name := range []string{"../x/a.png", "/x/a.png", `..\x\a.png`} {
		if _, err := Open(write(map[string][]byte{name: drawing(t, red)}), ""); err == nil || !strings.Contains(err.Error(), "outside its folder") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReferencesSaySideShareAndSeed(t *testing.T) {
	for text, want := range map[string]Own{
		"a/b":                          {"a/b", 32, 0.2, 1},
		"a/b:side=64":                  {"a/b", 64, 0.2, 1},
		"C:/x:side=64,test=0.1,seed=9": {"C:/x", 64, 0.1, 9},
		"C:/x":                         {"C:/x", 32, 0.2, 1},
	} {
		got, err := ParseOwn(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		if again, err := ParseOwn(got.String()); err != nil || again != got {
			t.Errorf("%s is written as %s, which is %+v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "a:side=30", "a:side=4", "a:side=x", "a:test=0", "a:test=1", "a:test=NaN", "a:size=3", "a:seed=-1"} {
		if o, err := ParseOwn(text); err == nil {
			t.Errorf("%q is %+v", text, o)
		}
	}
}

func TestANameStandsForAFolder(t *testing.T) {
	pictures, dir := folder(t, flowers(t)), t.TempDir()
	if _, err := Add("flowers", pictures+":side=16", dir); err != nil {
		t.Fatal(err)
	}
	set, err := Open("flowers", dir)
	if err != nil || set.Name != "flowers" || set.Train.Height != 16 {
		t.Errorf("got %+v, %v", set, err)
	}
	if all, err := List(dir); err != nil || all[len(all)-1].Name != "flowers" || all[len(all)-1].Classes != 2 {
		t.Errorf("the list ends with %+v, %v", all[len(all)-1], err)
	}
	if _, err := Add("flowers", folder(t, flowers(t)), dir); err == nil || !strings.Contains(err.Error(), "already the name") {
		t.Errorf("a second folder of that name: %v", err)
	}
	for _, name := range []string{"cifar10", "sample", "", "../x", "A", "a b"} {
		if _, err := Add(name, pictures, dir); err == nil {
			t.Errorf("%q became the name of a data set", name)
		}
	}
	before, err := Version("flowers", dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(pictures, "rose", "d.png"), drawing(t, red), 0o644); err != nil {
		t.Fatal(err)
	}
	if after, err := Version("flowers", dir); err != nil || after == before {
		t.Errorf("with one more picture the version is the same (%v)", err)
	}
}

func TestNoDataSetIsReplacedByAnother(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open("fashion-mnist", dir); err == nil || !strings.Contains(err.Error(), "essnas data fetch fashion-mnist") {
		t.Errorf("Fashion-MNIST without its files: %v", err)
	}
	if set, err := Open("", dir); err != nil || !set.Sample {
		t.Errorf("no name: %+v, %v", set, err)
	}
	if _, err := Open(filepath.Join(dir, "nowhere"), dir); err == nil || !strings.Contains(err.Error(), "there are no pictures at") {
		t.Errorf("a folder that is not there: %v", err)
	}
}
