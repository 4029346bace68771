package notebook

import (
	"slices"
	"testing"
)

// TestTheEnvironmentBoundsTheImagesOfARun: fewer images stay, and so do all of a folder (0).
func TestTheEnvironmentBoundsTheImagesOfARun(t *testing.T) {
	images := func(options ...Option) (last string) {
		args := bounded(flags(options))
		if i := len(args) - 1; i >= 0 {
			last = args[i]
		}
		return last
	}
	if got := images(Set("images", 640)); got != "--images=640" {
		t.Errorf("without a bound: %s", got)
	}
	t.Setenv("ESSNAS_IMAGES", "160")
	for want, options := range map[string][]Option{
		"--images=160": {Set("images", 640)},
		"--images=96":  {Set("images", 640), Set("images", 96)},
		"--images=0":   {Set("images", 0)},
	} {
		if got := images(options...); got != want {
			t.Errorf("%v: %s, want %s", options, got, want)
		}
	}
	if got := bounded([]string{"--preset=demo"}); !slices.Equal(got, []string{"--preset=demo", "--images=160"}) {
		t.Errorf("a preset's images: %v", got)
	}
}
