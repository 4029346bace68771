package pretrain

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/settings"
	"github.com/janpfeifer/must"
)

// small returns the settings of a pretraining that takes seconds.
func small() settings.Pretrain {
	return settings.Pretrain{
		Shared: settings.Shared{Cells: 3, Channels: 4, Batch: 16, Epochs: 3, Images: 200, Seed: 1, Devices: 1, Precision: "float32", LR: 3e-3, Momentum: 0.9},
		Twins:  settings.Twins{Views: "default", Projector: "16,16"},
		Lambda: 0.0051, Optimizer: "adam", WarmUp: 1, LRVectors: 0.024, KNNEvery: 2,
	}
}

func start(t *testing.T, set *data.Set, s settings.Pretrain) *Pretraining {
	t.Helper()
	g, _ := cell.Published("DARTS_V2")
	task, err := New(backendtest.Open(t), set, g, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(task.Close)
	return task
}

// losses runs the given number of epochs. It returns their mean losses and the metrics at their
// ends.
func losses(t *testing.T, task *Pretraining, epochs int) (means []float64, ends []event.Metrics) {
	t.Helper()
	for e := range epochs {
		sum := 0.0
		for s := range task.Steps(e) {
			sum += must.M1(task.Step(e, s))["train_loss"]
		}
		m, _, err := task.EndEpoch(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		means, ends = append(means, sum/float64(task.Steps(e))), append(ends, m)
	}
	return
}

func TestTheLossFallsAndNoLabelIsRead(t *testing.T) {
	set := must.M1(data.Sample())
	task := start(t, set, small())
	means, ends := losses(t, task, 3)
	if !(means[2] < 0.7*means[0]) {
		t.Errorf("losses %v: the last is not much lower than the first", means)
	}
	for e, names := range [][]string{{"knn_pixels", "knn_untrained"}, {"knn_accuracy", "rank", "spread"}, {"knn_accuracy", "rank", "spread"}} {
		var got []string
		for name, x := range ends[e] {
			got = append(got, name)
			if x <= 0 || x-x != 0 {
				t.Errorf("epoch %d: %s is %g", e, name, x)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, names) {
			t.Errorf("epoch %d ends with %v, want %v", e, got, names)
		}
	}
	// The same images with a single label give the same weights, bit by bit. The split depends on
	// labels, so both use the same one.
	blind := *set
	blind.Train.Labels = make([]uint8, set.Train.N)
	other := start(t, &blind, small())
	other.train, other.held = task.train, task.held
	losses(t, other, 3)
	a, b := must.M1(task.State()), must.M1(other.State())
	for name, x := range a.Arrays {
		if !slices.Equal(x.F32, b.Arrays[name].F32) {
			t.Errorf("%s depends on labels", name)
		}
	}
}

func TestEachOptimizerGoesOnFromItsStateInTheSameBits(t *testing.T) {
	set := must.M1(data.Sample())
	for _, name := range []string{"lars", "sgd", "adam"} {
		s := small()
		s.Optimizer, s.LR = name, map[string]float64{"lars": 0.2, "sgd": 1e-3, "adam": 1e-3}[name]
		one, other := start(t, set, s), start(t, set, s)
		for step := range 4 {
			must.M1(one.Step(0, step))
			if step == 1 {
				must.M(other.Restore(must.M1(one.State())))
			}
			if step > 1 {
				must.M1(other.Step(0, step))
			}
		}
		a, b := must.M1(one.State()), must.M1(other.State())
		for array, x := range a.Arrays {
			if !slices.Equal(x.F32, b.Arrays[array].F32) || !slices.Equal(x.I64, b.Arrays[array].I64) {
				t.Errorf("%s: %s differs", name, array)
			}
		}
	}
}

func TestSpread(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	const n, d = 4000, 8
	rows := func(f func(row []float32)) (x [][]float32) {
		for range n {
			row := make([]float32, d)
			f(row)
			x = append(x, row)
		}
		return
	}
	for _, c := range []struct {
		law          string
		x            [][]float32
		spread, rank float64
	}{
		{"equal features are collapsed", rows(func(row []float32) { row[0], row[3] = 1, 2 }), 0, 0},
		{"directions in all ways fill the sphere", rows(func(row []float32) {
			for j := range row {
				row[j] = float32(r.NormFloat64())
			}
		}), 1, d},
		{"two opposite points have one direction", rows(func(row []float32) { row[2] = float32(2*r.IntN(2) - 1) }), 1 / math.Sqrt(d), 1},
		{"lengths don't matter", rows(func(row []float32) { row[5] = float32(1 + r.Float64()) }), 0, 0},
	} {
		t.Run(c.law, func(t *testing.T) {
			if spread, rank := Spread(c.x); math.Abs(spread-c.spread) > 0.02 || math.Abs(rank-c.rank) > 0.02 {
				t.Errorf("spread %.4f and rank %.4f, want %.4f and %.4f", spread, rank, c.spread, c.rank)
			}
		})
	}
}

func TestSettingsThatMakeNoSenseAreTold(t *testing.T) {
	for says, change := range map[string]func(*settings.Pretrain){
		"optimizer is \"momentum\"":  func(s *settings.Pretrain) { s.Optimizer = "momentum" },
		"warm_up is 3 of 3 epochs":   func(s *settings.Pretrain) { s.WarmUp = 3 },
		"projector is \"wide\"":      func(s *settings.Pretrain) { s.Projector = "wide" },
		"know no step \"blur\"":      func(s *settings.Pretrain) { s.Views = "blur 1" },
		"lambda is -1":               func(s *settings.Pretrain) { s.Lambda = -1 },
		"lr is 0":                    func(s *settings.Pretrain) { s.LR = 0 },
		"devices is 3":               func(s *settings.Pretrain) { s.Devices = 3 },
		"images is 20":               func(s *settings.Pretrain) { s.Images = 20 },
		"batch is 1":                 func(s *settings.Pretrain) { s.Batch = 1 },
		"knn_every is -1":            func(s *settings.Pretrain) { s.KNNEvery = -1 },
		"cells is 2":                 func(s *settings.Pretrain) { s.Cells = 2 },
		"channels is 5":              func(s *settings.Pretrain) { s.Channels = 5 },
		"momentum is 1":              func(s *settings.Pretrain) { s.Momentum = 1 },
		"epochs is 0: want at least": func(s *settings.Pretrain) { s.Epochs = 0 },
	} {
		s := small()
		change(&s)
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}
