package stage

import (
	"image"
	_ "image/png"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/janpfeifer/must"
)

// drawn is what Pictures draws of the embedded sample.
func drawn(t *testing.T, s Pictures) ([][]string, image.Image) {
	t.Helper()
	s.Out = filepath.Join(t.TempDir(), "out.png")
	captions, err := (&Env{Data: t.TempDir(), Progress: io.Discard}).Pictures(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	f := must.M1(os.Open(s.Out))
	defer f.Close()
	im, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return captions, im
}

func TestPicturesAreDrawnInRowsOfTheImageAndItsCopies(t *testing.T) {
	captions, _ := drawn(t, Pictures{Dataset: "sample", Index: []int{0, 1}, Copies: 2})
	if len(captions) != 2 || len(captions[0]) != 3 || captions[1][2] != "augmented" {
		t.Errorf("of two images and two copies: %q", captions)
	}
	captions, _ = drawn(t, Pictures{Dataset: "sample", Index: []int{5}, Copies: 2, Views: "default"})
	if want := []string{"view a", "view b", "view a", "view b"}; len(captions) != 1 || !reflect.DeepEqual(captions[0][1:], want) {
		t.Errorf("of two pairs of views: %q, want a class and %q", captions, want)
	}
}

func TestPicturesDependOnTheSeedAlone(t *testing.T) {
	stage := func(seed uint64) Pictures {
		return Pictures{Dataset: "sample", Index: []int{3}, Copies: 3, Views: "default", Seed: seed}
	}
	_, one := drawn(t, stage(1))
	_, again := drawn(t, stage(1))
	_, other := drawn(t, stage(2))
	if !reflect.DeepEqual(one, again) || reflect.DeepEqual(one, other) {
		t.Error("one seed draws two pictures, or two seeds one")
	}
}

func TestPicturesThatAreNotThere(t *testing.T) {
	for name, c := range map[string]struct {
		stage Pictures
		want  string
	}{
		"number": {Pictures{Dataset: "sample", Index: []int{4000}, Copies: 1}, "0 to 3999"},
		"none":   {Pictures{Dataset: "sample", Copies: 1}, "--index"},
		"views":  {Pictures{Dataset: "sample", Index: []int{1}, Copies: 1, Views: "turn 1"}, `no step "turn"`},
	} {
		t.Run(name, func(t *testing.T) {
			l := &Env{Data: t.TempDir(), Progress: io.Discard}
			if _, err := l.Pictures(t.Context(), c.stage); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want a sentence with %q", err, c.want)
			}
		})
	}
}
