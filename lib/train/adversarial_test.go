package train

import (
	"math/rand/v2"
	"testing"

	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/fittest"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
)

// fragile is a set of two classes with two signs of the class: a faint one, stripes of 12 grey
// levels along rows or columns, and a strong one, the brightness of half of the image, which one
// image of eight has wrong. A network that trusts the faint sign is better on clean images and
// loses everything to changes of 16 levels. Crops and flips leave both signs.
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
		if attack == "none" { // attack it as the others are
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
		t.Errorf("more images are right under attack %v than without %v", robust, clean)
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

// TestAttacksLeaveTheStateOfATrainingAlone: weights, velocities, running statistics.
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
