package train

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/fit/fittest"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
)

// fragile returns a set of two classes with two signs of the class. The faint sign is stripes of 12
// grey levels along rows or columns. The strong sign is the brightness of half of the image, which
// is wrong for one image of eight. A network that relies on the faint sign is better on clean
// images, but changes of 16 levels fool it completely. Crops and flips preserve both signs.
func fragile(n int) *data.Set {
	set := parity.Pictures(n, 1, 16, 2)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range n {
		label := int(set.Train.Labels[i])
		side := label
		if r.IntN(8) == 0 {
			side = 1 - label
		}
		p := set.Train.Picture(i)
		for k := range p {
			row, column := k/16, k%16
			v := 60 + r.IntN(9)
			if []int{row, column}[label]%2 == 0 {
				v += 12
			}
			if row/8 == side {
				v += 120
			}
			p[k] = uint8(v)
		}
	}
	return set
}

func adversarialTraining(t *testing.T, set *data.Set, attack string) *Training {
	return small(t, set, func(s *settings.Train) {
		s.Channels, s.Batch, s.Epochs, s.LR, s.Clip = 4, 16, 5, 0.1, 5
		s.Adversarial = settings.Adversarial{Adversarial: attack, Eps: "16/255", AttackSteps: 5}
	})
}

// TestAdversariallyTrainedNetworksWithstandAttacksThatFoolPlainOnes.
func TestAdversariallyTrainedNetworksWithstandAttacksThatFoolPlainOnes(t *testing.T) {
	set := fragile(400)
	clean, robust := map[string]float64{}, map[string]float64{}
	for _, attack := range []string{"none", "fgsm"} {
		s := adversarialTraining(t, set, attack)
		for epoch := range s.Epochs() {
			for step := range s.Steps(epoch) {
				if _, err := s.Step(epoch, step); err != nil {
					t.Fatal(err)
				}
			}
		}
		if attack == "none" { // with the same attack as the others
			on := s.settings
			on.Adversarial.Adversarial = "pgd"
			s.ball = ballOf(set, on)
		}
		m := ended(t, s, s.Epochs()-1)
		clean[attack], robust[attack] = m["val_accuracy"], m["val_robust_accuracy"]
	}
	if !(robust["fgsm"] > robust["none"]+0.2) {
		t.Errorf("with FGSM in training %.2f of the images withstand PGD, without %.2f", robust["fgsm"], robust["none"])
	}
	if robust["none"] > clean["none"] || robust["fgsm"] > clean["fgsm"] {
		t.Errorf("accuracy under attack, %v, exceeds that without, %v", robust, clean)
	}
}

func TestACancelledAdversarialTrainingEndsInTheSameBits(t *testing.T) {
	set := fragile(64)
	fittest.Cancellations(t, func() fit.Task {
		return small(t, set, func(s *settings.Train) {
			s.Batch, s.Epochs = 16, 2
			s.Adversarial = settings.Adversarial{Adversarial: "pgd", Eps: "8/255", AttackSteps: 2}
		})
	}, 7)
}

// TestAttacksLeaveTheStateOfATrainingAlone: weights, velocities and running statistics stay
// unchanged.
func TestAttacksLeaveTheStateOfATrainingAlone(t *testing.T) {
	s := adversarialTraining(t, fragile(64), "pgd")
	_, before := stepped(t, s, 0, 0)
	ended(t, s, 0)
	after := stateOf(t, s)
	for name, a := range before.Arrays {
		for i, v := range a.F32 {
			if after.Arrays[name].F32[i] != v {
				t.Fatalf("%s changes in a validation under attack", name)
			}
		}
	}
}

// overfitting is a training with the metrics of robust overfitting (arXiv:2002.11569): its clean
// loss falls to the end, but its robust loss is lowest in the second epoch.
type overfitting struct{ *Training }

func (o overfitting) EndEpoch(ctx context.Context, epoch int) (event.Metrics, map[string]any, error) {
	m, d, err := o.Training.EndEpoch(ctx, epoch)
	course := map[string][]float64{"val_loss": {0.9, 0.6, 0.3}, "val_robust_loss": {1.2, 1.1, 1.4}}
	for name := range m {
		if losses, is := course[name]; is {
			m[name] = losses[epoch]
		}
	}
	return m, d, err
}

func TestTheWeightsKeptOfAnAdversarialTrainingAreThoseOfTheLowestRobustLoss(t *testing.T) {
	set := fragile(64)
	for attack, want := range map[string]int{"none": 2, "fgsm": 1} {
		s := small(t, set, func(s *settings.Train) {
			s.Batch, s.Epochs = 16, 3
			s.Adversarial = settings.Adversarial{Adversarial: attack, Eps: "8/255", AttackSteps: 1}
		})
		store := fit.Store{Dir: t.TempDir()}
		if err := fit.Run(t.Context(), overfitting{s}, store, fit.Options{}); err != nil {
			t.Fatal(err)
		}
		state, err := fit.LoadState(store.Best())
		if err != nil {
			t.Fatal(err)
		}
		if _, _, best, err := fit.Progress(state); err != nil || best != want {
			t.Errorf("attack %s: the best epoch is %d (%v), want %d", attack, best, err, want)
		}
	}
}
