package stage

import (
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/janpfeifer/must"
)

func TestWhatHasChangedSinceARunWasBegunIsTold(t *testing.T) {
	versions := map[string]string{"essnas": "a1", "go": "go1.26", "old": "1"}
	of := func(text string) *run.Run {
		return &run.Run{Config: run.Config{Stage: "train", Settings: []byte(text), Versions: versions, Backend: run.Backend{Version: "0.81"}}}
	}
	all := string(encode(must.M1(settings.TrainChoice().Settings())))
	for _, c := range []struct {
		law, settings, essnas, plugin string
		told                          []string
	}{
		{"nothing", all, "a1", "0.81", nil},
		{"another essnas", all, "b2", "0.81", []string{"begun with essnas a1 and continues with b2"}},
		{"another plugin", all, "a1", "0.82", []string{"begun with the XLA plugin 0.81 and continues with 0.82"}},
		{"a setting that there was not", strings.Replace(all, `"labels":1,`, "", 1), "a1", "", []string{"without the settings labels"}},
	} {
		got := otherwise(of(c.settings), map[string]string{"essnas": c.essnas, "go": "go1.26"}, c.plugin)
		if len(got) != len(c.told) || len(got) == 1 && !strings.Contains(got[0], c.told[0]) {
			t.Errorf("%s: told %q, want %q", c.law, got, c.told)
		}
	}
}
