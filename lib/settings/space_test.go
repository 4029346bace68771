package settings

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/cell"
)

// Runs are named by their settings' JSON: those of before there was a choice keep their names.
func TestTheSpaceOfDARTSIsLeftOutOfTheJSON(t *testing.T) {
	s, err := SearchChoice().Settings()
	if err != nil {
		t.Fatal(err)
	}
	for _, operations := range []string{"", "+none", strings.Join(cell.Primitives, ",")} {
		for _, states := range []int{0, 4} {
			s.Operations, s.States = operations, states
			text, err := json.Marshal(s)
			if err != nil || strings.Contains(string(text), "operations\":") || strings.Contains(string(text), "states") {
				t.Errorf("%q, %d states: %s, %v", operations, states, text, err)
			}
			if !s.Space().IsDARTS() {
				t.Errorf("%q, %d states are the space %v", operations, states, s.Space())
			}
		}
	}
	s.Operations, s.States = "-none", 3
	text, err := json.Marshal(s)
	if err != nil || !strings.HasSuffix(string(text), `"operations":"-none","states":3}`) {
		t.Errorf("another space: %s, %v", text, err)
	}
	var again Search
	if err := json.Unmarshal(text, &again); err != nil || again != s {
		t.Errorf("%s reads as %+v, %v", text, again, err)
	}
}

func TestPhasesOfTheEightAreCutToASmallerSpace(t *testing.T) {
	s, err := (&Choice[Search]{presets: SearchChoice().presets, methods: SearchChoice().methods, Preset: "slides", Method: "p-darts"}).Settings()
	if err != nil {
		t.Fatal(err)
	}
	s.Operations = "none,skip_connect,sep_conv_3x3,dil_conv_3x3"
	phases, err := s.PhaseList()
	if err != nil || len(phases) != 3 || phases[0].Operations != 4 || phases[1].Operations != 4 || phases[2].Operations != 3 {
		t.Errorf("got %v, %v, want phases of 4, 4 and 3 operations", phases, err)
	}
}

func TestTheFirstPhaseOfEightHasAllOperationsOfALargerSpace(t *testing.T) {
	s, err := (&Choice[Search]{presets: SearchChoice().presets, methods: SearchChoice().methods, Preset: "slides", Method: "p-darts"}).Settings()
	if err != nil {
		t.Fatal(err)
	}
	s.Operations = "+capsule_dynamic,+capsule_em,+capsule_self"
	phases, err := s.PhaseList()
	if err != nil || len(phases) != 3 || phases[0].Operations != 11 || phases[1].Operations != 5 || phases[2].Operations != 3 {
		t.Errorf("got %v, %v, want phases of 11, 5 and 3 operations", phases, err)
	}
}
