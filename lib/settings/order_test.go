package settings

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

// Runs are named by a hash over this text: one that is written otherwise would not be found again.
func TestTheJSONOfSettingsNeverChanges(t *testing.T) {
	same(t, new(Search), `{"cells":3,"channels":16,"k":4,"batch":16,"devices":1,"precision":"float32","epochs":2,"frozen_epochs":1,"images":64,"seed":1,"lr":0.025,"lr_min":0,"momentum":0.9,"weight_decay":0.0003,"clip":5,"arch_lr":0.03,"arch_weight_decay":0.001,"phases":"3/8 4/5/0.4 5/3/0.7","skip_limit":2,"ss_factor":0.7,"ss_scale":1,"ss_balance":2,"projector":"128","views":"crop 1 pixels 4, flip 0.5, distort 0.8 rotate 10 shift 0.15 scale 1..1.6 shear 8, jitter 0.8 brightness 0.4 contrast 0.4 saturation 0.2 hue 0.1, gray 0.2, erase 0.25 area 0.02..0.33 ratio 0.3..3.3","auxiliary_skip":0,"beta_decay":0,"stop_skips":0,"eigenvalue":0,"cutout":0}`)
	same(t, new(Train), `{"cells":5,"channels":8,"auxiliary":0.4,"drop_path":0.3,"batch":32,"epochs":2,"images":400,"labels":1,"devices":1,"precision":"float32","seed":1,"lr":0.1,"momentum":0.9,"weight_decay":0.0003,"clip":5,"cutout":8}`)
	same(t, new(Train), `{"cells":5,"channels":8,"auxiliary":0.4,"drop_path":0.3,"batch":32,"epochs":2,"images":400,"labels":1,"devices":1,"precision":"float32","seed":1,"lr":0.1,"momentum":0.9,"weight_decay":0.0003,"clip":5,"cutout":8,"adversarial":"pgd","eps":"8/255","attack_steps":7,"attack_step":0}`)
	same(t, new(Pretrain), `{"cells":3,"channels":8,"batch":32,"devices":1,"precision":"float32","epochs":2,"images":300,"seed":1,"views":"crop 1 pixels 4, flip 0.5, distort 0.8 rotate 10 shift 0.15 scale 1..1.6 shear 8, jitter 0.8 brightness 0.4 contrast 0.4 saturation 0.2 hue 0.1, gray 0.2, erase 0.25 area 0.02..0.33 ratio 0.3..3.3","projector":"128","lambda":0.0051,"optimizer":"adam","lr":0.001,"lr_vectors":0.024,"warm_up":1,"momentum":0.9,"weight_decay":0.000001,"knn_every":1}`)
}

// same reads a text that a run of an earlier version has in its config.json, and writes it.
func same(t *testing.T, s any, text string) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), s); err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(s); err != nil || string(again) != text {
		t.Errorf("%T is written as\n%s (%v), want\n%s", s, again, err, text)
	}
}

func TestATrainingOfBeforeLabelsWereASettingUsedAll(t *testing.T) {
	var s Train
	if err := json.Unmarshal([]byte(`{"cells":3}`), &s); err != nil || s.Labels != 1 {
		t.Errorf("labels are %g (%v), want 1", s.Labels, err)
	}
}

// Values of settings keep their type from where they are set: no text is in between.
func TestASettingIsSetByAValueOfItsType(t *testing.T) {
	c := SearchChoice()
	for name, value := range map[string]any{"ss_factor": 0.3, "seed": 7, "projector": "32,32"} {
		if err := c.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Settings()
	if err != nil || s.SSFactor != 0.3 || s.Seed != 7 || s.Projector != "32,32" {
		t.Errorf("%+v (%v)", s, err)
	}
	for name, value := range map[string]any{"projector": 32, "seed": -1, "epochs": 1.5, "lr": math.NaN()} {
		if err := c.Set(name, value); err == nil {
			t.Errorf("%v is taken for %s", value, name)
		}
	}
	c.Unset("ss_factor")
	if s, err = c.Settings(); err != nil || s.SSFactor != 0 || s.Seed != 7 {
		t.Errorf("taken back, ss_factor is %g, seed %d (%v)", s.SSFactor, s.Seed, err)
	}
}

func TestSettingsOfAnotherVersionAreThePresetsWhereTheyAreMissingAndRefusedWhereTheyAreUnknown(t *testing.T) {
	s, err := Read[Search]([]byte(`{"cells":4,"channels":8}`))
	if err != nil || s.Cells != 4 || s.Channels != 8 || s.LR != 0.025 || s.Precision != "float32" {
		t.Errorf("%+v (%v)", s, err)
	}
	if _, err := Read[Train]([]byte(`{"cells":4,"colour":"red"}`)); err == nil || !strings.Contains(err.Error(), `no setting "colour"`) {
		t.Errorf("got %v, want an error that names the setting", err)
	}
}
