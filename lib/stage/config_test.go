package stage

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/janpfeifer/must"
)

// odd are values that no text editor keeps anybody from writing.
var odd = []string{`null`, `-1`, `0`, `30`, `99999999`, `1e308`, `-0.5`, `9223372036854775808`, `""`, `"zzz/1/2"`, `"\u0000"`, `[]`, `{}`, `true`, `["a"]`}

// everyValue calls f with text in which one value of a JSON document is odd or missing, for each
// value and each of the odd ones.
func everyValue(text []byte, f func(text []byte, what string)) {
	var document any
	must.M(json.Unmarshal(text, &document))
	write := func(what string) { f(must.M1(json.Marshal(document)), what) }
	var walk func(v any, path string)
	strange := func(path string, old any, set func(v any)) {
		for _, text := range odd {
			set(json.RawMessage(text))
			write(path + " is " + text)
		}
		set(old)
		walk(old, path)
	}
	walk = func(v any, path string) {
		switch v := v.(type) {
		case map[string]any:
			for key, old := range v {
				delete(v, key)
				write(path + "." + key + " is missing")
				strange(path+"."+key, old, func(x any) { v[key] = x })
			}
		case []any:
			for i, old := range v {
				strange(path, old, func(x any) { v[i] = x })
			}
		}
	}
	walk(document, "")
}

// TestInvalidValuesInConfigAreAnsweredByASentence puts odd values into config.json of a search and
// of a training, and asks for all that reads it without a device: nothing panics, and errors are of
// one line.
func TestInvalidValuesInConfigAreAnsweredByASentence(t *testing.T) {
	g, _ := cell.Published("DARTS_V2")
	search := searchRun(t, 1, g)
	trained := writeRun(t, run.Config{Stage: trainStage().Name, Name: "train-sample", Hash: "1", Settings: encode(must.M1(settings.TrainChoice().Settings())), Genotype: &g, Cells: search, From: &run.Origin{Run: search, Checksum: "1"}}, 1, nil)
	reached := errors.New("the device is reached")
	l := &Env{Data: t.TempDir(), NoPages: true, Warm: new(Warm), Turn: func(context.Context) (func(), error) { return nil, reached }}
	for _, dir := range []string{search, trained} {
		r := must.M1(run.Open(dir))
		must.M(r.WriteGenotype(g))
		path, cases := r.Path("config.json"), 0
		text := must.M1(os.ReadFile(path))
		everyValue(text, func(text []byte, what string) {
			cases++
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("%s: panic: %v", what, p)
				}
			}()
			must.M(os.WriteFile(path, text, 0o644))
			var errs []error
			_, _, err := l.Search(t.Context(), Search{Dir: dir, Choice: settings.SearchChoice()})
			errs = append(errs, err)
			_, _, err = l.Train(t.Context(), Train{Dir: dir, Choice: settings.TrainChoice()})
			errs = append(errs, err)
			_, _, _, err = l.Test(t.Context(), dir)
			errs = append(errs, err)
			_, _, err = l.Attack(t.Context(), Attack{Dirs: []string{dir}})
			errs = append(errs, err)
			if r, err := run.Open(dir); err == nil {
				_, err := StateOf(r)
				_, _, late := r.ArchitectureAt(1)
				errs = append(errs, err, late)
				if r, err := openFeatures(dir); err == nil {
					_, err := bodyOf(r)
					errs = append(errs, err)
				}
				if s, err := of(r); err == nil {
					_, _, extent := s.Runs.extent(r.Config)
					_, warnings := s.warnings(r.Config)
					errs = append(errs, extent, warnings)
				}
			}
			if cases%200 == 0 { // a page takes a second
				_, err := Report(dir)
				errs = append(errs, err)
			}
			for _, err := range errs {
				if err != nil && strings.Contains(err.Error(), "\n") {
					t.Errorf("%s: not a sentence: %v", what, err)
				}
			}
		})
		must.M(os.WriteFile(path, text, 0o644))
		t.Logf("%d documents", cases)
	}
}
