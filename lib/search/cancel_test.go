package search

import (
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/fittest"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
)

// At the ends of epochs the search measures the gradients of both terms, in the second epoch for
// the architecture as well, and the eigenvalue, product by product.
func TestASearchHearsACancellationInItsMeasurementsAndEndsInTheSameBits(t *testing.T) {
	backendtest.Open(t)
	set := parity.Pictures(32, 1, 8, 3)
	asked := fittest.Cancellations(t, func() fit.Task {
		return small(t, set, func(s *settings.Search) { s.SSFactor, s.Eigenvalue, s.BetaDecay = 0.5, 1, 1 })
	}, 16)
	// the first epoch measures the terms once, the second twice; an eigenvalue takes at least three
	// products
	if asked < 1+2+2*3 {
		t.Errorf("the ends of two epochs check for cancellation %d times", asked)
	}
}

func TestAProgressiveSearchHearsACancellationAndEndsInTheSameBits(t *testing.T) {
	backendtest.Open(t)
	set := crops(t)
	fittest.Cancellations(t, func() fit.Task {
		s := tiny("3/8/0/1/0 4x8/4/0.5/1/0")
		s.SSFactor, s.SSScale, s.Projector, s.Views = 0.5, 1, "6,5", "flip 0.5"
		return begin(t, set, s)
	}, 6)
}
