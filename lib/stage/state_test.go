package stage

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure/cellgraph"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/janpfeifer/must"
)

// ended makes a run end.
func ended(t *testing.T, dir string, g cell.Genotype) *run.Run {
	t.Helper()
	r := must.M1(run.Open(dir))
	must.M(r.WriteGenotype(g))
	must.M(r.Write("result.json", must.M1(conclude(r, -1))))
	return r
}

func TestTheStateOfASearchIsItsEnd(t *testing.T) {
	g, _ := cell.Published("PC_DARTS_cifar")
	s, err := StateOf(ended(t, searchRun(t, 3, g), g))
	if err != nil {
		t.Fatal(err)
	}
	if s.Data != "CIFAR-10" || s.Genotype != g.Python() || s.Seconds != math.Round(12+3*13) || s.Settings["k"] != 4.0 {
		t.Errorf("data %q, genotype %q, %v s, k %v", s.Data, s.Genotype, s.Seconds, s.Settings["k"])
	}
	if len(s.Epochs) != 3 || s.Epochs[0] != 1 || s.Epochs[2] != 3 {
		t.Errorf("epochs %v, want 1 to 3", s.Epochs)
	}
	if accuracy := s.Metrics["val_accuracy"]; len(accuracy) != 3 || *accuracy[2] != 0.625 {
		t.Errorf("validation accuracy %v", accuracy)
	}
	if len(s.Operations) != 8 || len(s.Edges) != cell.Edges || s.Warnings == nil {
		t.Errorf("%d operations, %d edges, warnings %q", len(s.Operations), len(s.Edges), s.Warnings)
	}
	for typ := range s.Alphas {
		// 0.125 + 0.01 * 2, and what the next operation has less
		if row := s.Alphas[typ][2]; len(s.Alphas[typ]) != cell.Edges || len(row) != 8 || row[2] != 0.145 || row[3] != 0.105 || row[4] != 0.125 {
			t.Errorf("alphas of edge 2 are %v", row)
		}
		if !strings.HasPrefix(strings.TrimSpace(s.Cells[typ]), "<") || !strings.Contains(s.Cells[typ], []string{"Normal cell", "Reduction cell"}[typ]) {
			t.Errorf("cell %d is drawn as %.60q", typ, s.Cells[typ])
		}
	}
	var normal bytes.Buffer
	must.M(must.M1(cellgraph.Normal("Normal cell", g)).SVG(&normal))
	if s.Cells[0] != normal.String() {
		t.Error("the normal cell is drawn otherwise than its genes")
	}
	if text, err := json.Marshal(s); err != nil || len(text) > 100_000 {
		t.Errorf("as JSON it has %d bytes: %v", len(text), err)
	}
}

func TestAnOperationThatAnEdgeHasLostIsMinusOne(t *testing.T) {
	g, _ := cell.Published("PC_DARTS_cifar")
	chosen := must.M1(settings.SearchChoice().Settings())
	dir := writeRun(t, run.Config{Stage: searchStage().Name, Name: "search-cifar10", Settings: encode(chosen)}, 2, func(epoch int) any {
		a := run.Architecture{Genotype: &g}
		// the first phase has all
		names, shares := cell.Primitives, slices.Repeat([]float64{0.125}, 8)
		if epoch > 0 {
			names, shares = []string{"none", "sep_conv_3x3"}, []float64{0.25, 0.75}
		}
		for typ := range a.Alphas {
			for range cell.Edges {
				a.Alphas[typ] = append(a.Alphas[typ], shares)
				a.Operations[typ] = append(a.Operations[typ], names)
			}
		}
		return a
	})
	s := must.M1(StateOf(ended(t, dir, g)))
	for o, want := range []float64{0.25, -1, -1, -1, 0.75, -1, -1, -1} {
		if got := s.Alphas[1][13][o]; got != want {
			t.Errorf("%s has %v, want %v", s.Operations[o], got, want)
		}
	}
}

func TestMetricsThatWereNotMeasuredAreNull(t *testing.T) {
	h := report.HistoryOf([]run.Event{
		{Kind: event.EndOfEpoch, Epoch: 0, Metrics: event.Metrics{"a": 1}},
		{Kind: event.EndOfEpoch, Epoch: 1, Metrics: event.Metrics{"a": 2.00006, "b": 3}},
		{Kind: event.EndOfEpoch, Epoch: 2, Metrics: event.Metrics{"b": math.NaN()}},
	})
	epochs, all := metrics(h)
	if text := string(must.M1(json.Marshal([]any{epochs, all}))); text != `[[1,2,3],{"a":[1,2.0001,null],"b":[null,3,null]}]` {
		t.Errorf("they are %s", text)
	}
}

func TestOnlySearchesThatHaveEndedHaveAState(t *testing.T) {
	g, _ := cell.Published("PC_DARTS_cifar")
	under := must.M1(run.Open(searchRun(t, 2, g)))
	must.M(under.WriteGenotype(g)) // before its result
	training := must.M1(run.Open(writeRun(t, run.Config{Stage: trainStage().Name}, 1, nil)))
	without := ended(t, writeRun(t, run.Config{Stage: searchStage().Name, Settings: encode(must.M1(settings.SearchChoice().Settings()))}, 1, nil), g)
	lost := ended(t, searchRun(t, 2, g), g)
	must.M(os.Remove(lost.Path("genotype.json")))
	for want, r := range map[string]*run.Run{"has not ended; go on with": under, "is no search": training, "has recorded no alphas": without, "has no genotype": lost} {
		if _, err := StateOf(r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
