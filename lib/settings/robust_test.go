package settings

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestARobustTermIsOffByDefaultAndNeedsAWeight(t *testing.T) {
	s, err := SearchChoice().Settings()
	if err != nil || s.Robustness.On() {
		t.Fatalf("robust is %q (%v)", s.Robust, err)
	}
	if text, err := json.Marshal(s); err != nil || strings.Contains(string(text), "robust") {
		t.Errorf("%s (%v)", text, err)
	}
	for name, r := range map[string]Robustness{
		"robust is":        {"magic", 1, ""},
		"robust_weight is": {"fgsm", 0, ""},
		"robust_eps is":    {"fgsm", 1, "two"},
	} {
		s.Robustness = r
		if err := s.Validate(); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	s.Robustness = Robustness{"jacobian", 0.5, ""}
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
	s.SSFactor = 1
	if err := s.Validate(); err == nil {
		t.Error("a search without labels has a robust term")
	}
}
