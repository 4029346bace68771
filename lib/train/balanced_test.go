package train

import (
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/settings"
	"github.com/janpfeifer/must"
)

// TestTheWeightsOfClassesAreThoseOfThePicturesThatTrain: held-back pictures, whose shares of the
// classes differ by rounding, do not count.
func TestTheWeightsOfClassesAreThoseOfThePicturesThatTrain(t *testing.T) {
	set := pictures()
	for i := range set.Train.Labels { // of 10 pictures 7 are of class 0, 2 of class 1, 1 of class 2
		set.Train.Labels[i] = []uint8{0, 0, 0, 0, 0, 0, 0, 1, 1, 2}[i%10]
	}
	g, _ := cell.Published("DARTS_V2")
	s := settings.Train{Shared: settings.Shared{Cells: 3, Channels: 2, Batch: 4, Epochs: 1, Devices: 1, Seed: 5, LR: 0.1}, Labels: 1, Clip: 5, ClassWeights: "balanced"}
	task := must.M1(New(backendtest.Open(t), set, g, s))
	defer task.Close()
	of := func(index []int32) *[3]int {
		var n [3]int
		for _, i := range index {
			n[set.Train.Labels[i]]++
		}
		return &n
	}
	train, held := set.TrainValidation(s.Seed, 0)
	// the name contains a checksum of the weights
	want := fit.WeightedCrossEntropy(fit.Balanced(of(train)[:]), s.Batch).Name
	if task.loss.Name != want {
		t.Errorf("the loss is %q, want %q for %v training pictures", task.loss.Name, want, *of(train))
	}
	if other := fit.WeightedCrossEntropy(fit.Balanced(of(held)[:]), s.Batch).Name; other == want {
		t.Errorf("%v training and %v held-back pictures have the same weights: the test shows nothing", *of(train), *of(held))
	}
}
