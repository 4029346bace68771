package pretrain

import (
	"testing"

	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/fittest"
	"github.com/janpfeifer/must"
)

// The end of the first epoch updates the running statistics of an untrained network in 40 batches,
// and measures it.
func TestAPretrainingHearsACancellationInItsMeasurementsAndEndsInTheSameBits(t *testing.T) {
	set := must.M1(data.Sample())
	s := small()
	s.Epochs, s.Images = 2, 80
	asked := fittest.Cancellations(t, func() fit.Task { return start(t, set, s) }, 7)
	if asked < 40 {
		t.Errorf("the ends of two epochs check for cancellation %d times", asked)
	}
}
