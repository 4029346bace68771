package pretrain

import (
	"slices"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/train"
	"github.com/janpfeifer/must"
)

func TestATrainingBeginsWithAPretrainingsWeightsToTheBitAndAClassifierOfItsOwn(t *testing.T) {
	set := must.M1(data.Sample())
	pretrained := must.M1(start(t, set, small()).State())
	for name, a := range pretrained.Arrays { // simulates steps
		if strings.HasPrefix(name, "weights/") || strings.HasPrefix(name, "running/") {
			for i := range a.F32 {
				a.F32[i] += float32(i%7) / 8
			}
		}
	}
	g, _ := cell.Published("DARTS_V2")
	s := settings.Train{Shared: settings.Shared{Cells: 3, Channels: 4, Batch: 16, Epochs: 1, Images: 200, Devices: 1, Seed: 2, LR: 0.1}, Auxiliary: 0.4, Labels: 1, Clip: 5}
	train := func(begin bool, s settings.Train) (fit.State, error) {
		task := must.M1(train.New(backendtest.Open(t), set, g, s))
		defer task.Close()
		if begin {
			if err := task.Begin(pretrained, false); err != nil {
				return fit.State{}, err
			}
		}
		return task.State()
	}
	fresh, tuned := must.M1(train(false, s)), must.M1(train(true, s))
	shared, own := 0, 0
	for name, a := range tuned.Arrays {
		switch from, ok := pretrained.Arrays[name]; {
		case strings.HasPrefix(name, "velocity/"):
		case strings.HasSuffix(name, "/"+backbone.ClassifierLabel) || strings.HasSuffix(name, "/"+backbone.AuxiliaryLabel):
			own++
			if ok || !slices.Equal(a.F32, fresh.Arrays[name].F32) {
				t.Errorf("%s is not the training's own", name)
			}
		default:
			shared++
			if !ok || !slices.Equal(a.F32, from.F32) || slices.Equal(a.F32, fresh.Arrays[name].F32) {
				t.Errorf("%s is not the pretraining's", name)
			}
		}
	}
	if own < 2 || shared < 20 {
		t.Errorf("compared %d arrays of their own and %d of the pretraining: too few", own, shared)
	}
	wide := s
	wide.Channels = 8
	if _, err := train(true, wide); err == nil {
		t.Error("a network of other channels took the weights")
	}
}

func TestMoreEpochsOfAPretrainingBeginWithAllItsWeights(t *testing.T) {
	state := func(seed uint64, from *fit.State) fit.State {
		p := begun(t, pictures(), func(s *settings.Pretrain) { s.Seed = seed })
		if from != nil {
			must.M(p.Begin(*from, true))
		}
		return must.M1(p.State())
	}
	earlier, fresh := state(1, nil), state(2, nil)
	differ := 0
	for name, a := range state(2, &earlier).Arrays {
		if !strings.HasPrefix(name, "weights/") && !strings.HasPrefix(name, "running/") {
			continue
		}
		if !slices.Equal(a.F32, earlier.Arrays[name].F32) {
			t.Errorf("%s is not the earlier pretraining's", name)
		}
		if !slices.Equal(a.F32, fresh.Arrays[name].F32) {
			differ++
		}
	}
	if differ < 10 {
		t.Errorf("%d arrays differ between the seeds: too few to tell", differ)
	}
}
