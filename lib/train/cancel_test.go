package train

import (
	"testing"

	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/fittest"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
)

// Of 100 pictures 20 are held back, in three batches of 8.
func TestATrainingHearsACancellationInEachBatchOfItsValidationAndEndsInTheSameBits(t *testing.T) {
	set := parity.Pictures(100, 1, 16, 3)
	asked := fittest.Cancellations(t, func() fit.Task {
		return small(t, set, func(s *settings.Train) { s.Epochs, s.DropPath = 2, 0.2 })
	}, 4)
	if want := 2 * 3; asked != want {
		t.Errorf("validations check for cancellation %d times, want %d", asked, want)
	}
}
