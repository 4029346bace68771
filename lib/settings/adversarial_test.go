package settings

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestSettingsOfAdversarialTrainingAreOffByDefaultAndNameNoRunThen(t *testing.T) {
	s, err := TrainChoice().Settings()
	if err != nil || s.On() {
		t.Fatalf("adversarial is %q (%v)", s.Adversarial.Adversarial, err)
	}
	text, err := json.Marshal(s)
	if err != nil || strings.Contains(string(text), "eps") || strings.Contains(string(text), "attack") {
		t.Errorf("%s (%v)", text, err)
	}
}

func TestStepsOfAnAttackCoverItsBall(t *testing.T) {
	for _, c := range []struct {
		a      Adversarial
		steps  int
		length float64
	}{
		{Adversarial{"fgsm", "8/255", 7, 0}, 1, 1.25},
		{Adversarial{"pgd", "8/255", 10, 0}, 10, 0.25},
		{Adversarial{"pgd", "8/255", 4, 0.5}, 4, 0.5},
	} {
		if n, length := c.a.Steps(); n != c.steps || length != c.length {
			t.Errorf("%+v: %d steps of %g, want %d of %g", c.a, n, length, c.steps, c.length)
		}
	}
	if x, err := (Adversarial{Eps: "8/255"}).Radius(); err != nil || math.Abs(x-8.0/255) > 1e-15 {
		t.Errorf("8/255 is %g (%v)", x, err)
	}
}

func TestWrongSettingsOfAdversarialTrainingAreNamed(t *testing.T) {
	for name, a := range map[string]Adversarial{
		"adversarial":  {"magic", "8/255", 7, 0},
		"eps":          {"pgd", "8/0", 7, 0},
		"attack_steps": {"pgd", "8/255", 0, 0},
		"attack_step":  {"pgd", "0.03", 7, -1},
	} {
		c := TrainChoice()
		s, err := c.Settings()
		if err != nil {
			t.Fatal(err)
		}
		s.Adversarial = a
		if err := s.Validate(); err == nil || !strings.HasPrefix(err.Error(), name+" is ") {
			t.Errorf("%+v: %v", a, err)
		}
	}
}
