package attack

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/essnas/essnas/lib/data/images"
)

// TestAutoAttackOnAThousandImagesIsItsAuthors: robust accuracies lie within half a percentage point
// of the authors' code (testdata/thousand.py, which writes the images). It takes minutes and runs
// on request only. laws_test.go and parity_test.go test the same attacks on few images.
func TestAutoAttackOnAThousandImagesIsItsAuthors(t *testing.T) {
	dir := os.Getenv("ESSNAS_THOUSAND")
	if dir == "" {
		t.Skip("ESSNAS_THOUSAND names no directory with the images of testdata/thousand.py")
	}
	pixels, err := os.ReadFile(filepath.Join(dir, "images.raw"))
	if err != nil {
		t.Fatal(err)
	}
	labels, err := os.ReadFile(filepath.Join(dir, "labels.raw"))
	if err != nil {
		t.Fatal(err)
	}
	const side, channels = 8, 3
	im := images.Images{N: len(labels), Height: side, Width: side, Channels: channels, Labels: labels}
	for i := range im.N {
		for p := range side * side {
			for c := range channels {
				im.Pixels = append(im.Pixels, pixels[(i*channels+c)*side*side+p])
			}
		}
	}
	for _, want := range []struct{ grey, robust float64 }{{12, 0.849}, {18, 0.305}} {
		r, err := Run(t.Context(), newSmall(torchSmall(t)), im, Options{Method: "autoattack", Eps: []float64{want.grey / 255}}, Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		got := r.At[0].Robust.Value
		t.Logf("%d images, %g grey levels: %v withstand, the authors' code has %.1f %%", im.N, want.grey, r.At[0].Robust, 100*want.robust)
		if math.Abs(got-want.robust) > 0.005 {
			t.Errorf("at %g grey levels %.4f of the images withstand, want %.3f", want.grey, got, want.robust)
		}
	}
}
