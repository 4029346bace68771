package search

import (
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
)

// The balance of a level multiplies the Barlow Twins loss of that level, like a larger ss_scale.
// With learning rate 0 the virtual step moves no weight, and the second-order gradient depends only
// on the loss of the architecture's half.
func TestInSecondOrderEachLevelsLossHasItsOwnBalance(t *testing.T) {
	set := parity.Pictures(32, 1, 8, 3)
	s := small(t, set, func(s *settings.Search) { loose(s); s.SSFactor, s.Frozen, s.Unrolled = 0.5, 0, true })
	gradient := func(scale, weights, architecture, lr float64) (g []float32) {
		s.objective.scale, s.balance = scale, [2]float64{ofWeights: weights, ofArchitecture: architecture}
		err := s.batch(ofArchitecture, 0, 0, func(x []*block.Value, y *block.Value) error {
			return s.batch(ofWeights, 0, 0, func(trainX []*block.Value, trainY *block.Value) (err error) {
				g, _, err = s.unrolledGradient(x, y, trainX, trainY, lr)
				return err
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	golden.Close(t, "gradient of the architecture's loss", gradient(0.25, 8, 4, 0), gradient(1, 1, 1, 0), 1e-5)
	if slices.Equal(gradient(0.25, 8, 4, 0), gradient(0.25, 8, 8, 0)) {
		t.Error("the architecture's balance changes nothing")
	}
	if slices.Equal(gradient(0.25, 8, 4, 0.1), gradient(0.25, 4, 4, 0.1)) {
		t.Error("the weights' balance does not change the virtual step")
	}
}
