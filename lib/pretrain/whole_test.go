package pretrain

import (
	"testing"

	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
)

// TestTwoEpochsOfAPretrainingAreTorchs compares with lib/internal/golden/whole.py: every metric of
// every step, and all weights and running statistics at the end. The first epoch warms up. LARS
// steps with decay and with a separate learning rate of vectors. lambda differs from the paper's.
func TestTwoEpochsOfAPretrainingAreTorchs(t *testing.T) {
	torch := golden.Read(t, "pretraining")
	parity.Unpack(torch, "final/weight")
	p := begun(t, pictures(), func(s *settings.Pretrain) {
		s.Epochs, s.WarmUp, s.Lambda = 2, 1, 0.02
		s.Optimizer, s.LR, s.LRVectors, s.WeightDecay = "lars", 0.4, 0.1, 1e-2
	})
	state, err := p.State()
	if err != nil {
		t.Fatal(err)
	}
	for _, param := range p.Params {
		if param.Trainable() {
			copy(state.Arrays["weights/"+param.Label].F32, parity.Flat(t, param, torch, "weight"))
		}
	}
	if err := p.Restore(state); err != nil {
		t.Fatal(err)
	}
	metrics := map[string][]float32{}
	for e := range 2 {
		for i := range p.Steps(e) {
			var m event.Metrics
			m, state = stepped(t, p, e, i)
			for name, x := range m {
				metrics[name] = append(metrics[name], float32(x))
			}
		}
	}
	want := parity.Metrics(torch)
	for _, name := range []string{"train_loss", "grad_norm", "lr"} {
		golden.Close(t, name, metrics[name], want[name], parity.Tolerance)
	}
	for _, param := range p.Params {
		if param.Trainable() {
			parity.CloseFlat(t, "weights", param, state.Arrays["weights/"+param.Label].F32, torch, "final/weight", parity.Tolerance)
		}
		if len(param.Running) > 0 {
			want := parity.RunningStatistics(t, param, golden.Under(torch, "final/"))
			golden.Close(t, "running statistics of "+param.Label, state.Arrays["running/"+param.Label].F32, want, parity.Tolerance)
		}
	}
}
