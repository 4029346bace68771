package settings

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/janpfeifer/must"
	"github.com/spf13/pflag"
)

// pot is a struct of settings.
type pot struct {
	Litres float64 `json:"litres" help:"what fits in"`
	Lids   int     `json:"lid_count" help:"lids"`
	Serial uint64  `json:"serial" help:"number"`
	Colour string  `json:"colour" help:"colour"`
}

func (p pot) Validate() error {
	if p.Lids < 0 {
		return errors.New("lid_count is negative")
	}
	return nil
}

func pots() *Choice[pot] {
	return &Choice[pot]{presets: []preset[pot]{
		{"small", "for one", pot{1, 1, 7, ""}},
		{"large", "for all", pot{10, 1, 8, "red"}},
	}}
}

// add defines a choice's flags.
func add(c *Choice[pot], flags *pflag.FlagSet) {
	for _, f := range c.Flags() {
		flags.Var(f.Value, f.Name, f.Help)
	}
}

func TestFlagsChangeTheFileWhichChangesThePreset(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pot.json")
	must.M(os.WriteFile(file, []byte(`{"litres": 3e0, "lid_count": 2, "colour": "blue \"1\""}`), 0o644))
	for _, c := range []struct {
		line string
		want pot
	}{
		{"", pot{1, 1, 7, ""}},
		{"--preset large", pot{10, 1, 8, "red"}},
		{"--lid-count 5", pot{1, 5, 7, ""}},
		{"--settings " + file, pot{3, 2, 7, `blue "1"`}},
		{"--lid-count 5 --preset large --settings " + file, pot{3, 5, 8, `blue "1"`}},
		{"--serial 18446744073709551615 --litres 1e-3 --colour green", pot{1e-3, 1, 18446744073709551615, "green"}},
	} {
		choice, flags := pots(), pflag.NewFlagSet("", pflag.ContinueOnError)
		add(choice, flags)
		must.M(flags.Parse(strings.Fields(c.line)))
		got, err := choice.Settings()
		if err != nil || got != c.want {
			t.Errorf("%q gives %v (%v), want %v", c.line, got, err, c.want)
		}
		if choice.Given() != (c.line != "") {
			t.Errorf("%q: Given is %v", c.line, choice.Given())
		}
	}
}

func TestWhatIsNoSettingFails(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{`{"liters": 3}`, `there is no setting "liters": did you mean "litres"?`},
		{`{"weight": 3}`, `use litres, lid_count, serial, colour`},
		{`{"lid_count": 1.5}`, "lid_count: 1.5 can't be used: want a whole number"},
		{`{"lid_count": "1"}`, `lid_count is "1": want a whole number`},
		{`{"lid_count": null}`, "want a whole number"},
		{`{"litres": 1e999}`, "want a finite number"},
		{`{"serial": -1}`, "not negative"},
		{`{"colour": 3}`, "want text"},
		{`{"colour": null}`, "want text"},
		{`{"lid_count": -1}`, "these settings don't work: lid_count is negative"},
		{`[1]`, "not a JSON object"},
		{``, "not a JSON object"},
	} {
		choice := pots()
		choice.File = filepath.Join(t.TempDir(), "pot.json")
		must.M(os.WriteFile(choice.File, []byte(c.file), 0o644))
		if _, err := choice.Settings(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error that holds %q", c.file, err, c.want)
		}
	}
}

func TestAllPresetsAreValid(t *testing.T) {
	search, train := SearchChoice(), TrainChoice()
	for _, search.Preset = range search.PresetNames() {
		if _, err := search.Settings(); err != nil {
			t.Errorf("search, %s: %v", search.Preset, err)
		}
	}
	for _, train.Preset = range train.PresetNames() {
		if _, err := train.Settings(); err != nil {
			t.Errorf("train, %s: %v", train.Preset, err)
		}
	}
}

func TestFlagsTellThePresetsValues(t *testing.T) {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	add(pots(), flags)
	for name, want := range map[string]string{"lid-count": "lids (1)", "litres": "what fits in (small 1, large 10)", "colour": "colour (small none, large red)"} {
		if got := flags.Lookup(name).Usage; got != want {
			t.Errorf("--%s says %q, want %q", name, got, want)
		}
	}
}

func TestNearestIsTheNameMeantOrNone(t *testing.T) {
	known := []string{"epochs", "channels", "k", "lr", "arch_lr"}
	for name, want := range map[string]string{"epoch": "epochs", "chanels": "channels", "Channels": "channels", "hcannels": "channels", "l": "k", "archlr": "arch_lr", "batch": "", "": ""} {
		if got := Nearest(name, known); got != want {
			t.Errorf("Nearest(%q) is %q, want %q", name, got, want)
		}
	}
}
