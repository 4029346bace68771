package fit_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/google/go-cmp/cmp"
	"github.com/janpfeifer/must"
)

func TestTheBestCheckpointIsThatOfTheLowestMetric(t *testing.T) {
	store := fit.Store{Dir: t.TempDir()}
	means := map[int]event.Metrics{}
	must.M(fit.Run(t.Context(), newWalk(), store, fit.Options{Observe: func(e fit.Event) error {
		if e.Kind == event.EndOfEpoch {
			means[e.Epoch] = e.Metrics
		}
		return nil
	}}))
	epoch, step, best, err := fit.Progress(must.M1(fit.LoadState(store.Best())))
	if err != nil || epoch != 2 || step != 0 || best != 1 {
		t.Errorf("the best checkpoint is of epoch %d at %d.%d (%v), want epoch 1, at its end", best, epoch, step, err)
	}
	if got := means[1]["steps"]; got != 4 { // steps 3, 4 and 5
		t.Errorf("the mean over the second epoch is %g, want 4", got)
	}
}

func TestMetricsKeepWhatJSONHasNoNumberFor(t *testing.T) {
	text := must.M1(json.Marshal(event.Metrics{"a": 1.5, "b": math.NaN(), "c": math.Inf(1)}))
	if want := `{"a":1.5,"b":null,"c":null}`; string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
	var m event.Metrics
	must.M(json.Unmarshal(text, &m))
	if m["a"] != 1.5 || !math.IsNaN(m["b"]) || len(m) != 3 {
		t.Errorf("read back as %v", m)
	}
}

func TestStatesAreReadBackAsWritten(t *testing.T) {
	want := fit.State{
		Arrays: map[string]fit.Array{
			"a":      {Shape: []int{2, 3}, F32: []float32{1, -2, 3.5, float32(math.Inf(1)), 0, 1e-40}},
			"scalar": {Shape: []int{}, I64: []int64{math.MinInt64}},
			"none":   {Shape: []int{0, 4}, F32: []float32{}},
			"é\"\n":  {Shape: []int{1}, I64: []int64{-7}},
		},
		Meta: map[string]string{"key": "value \" of <any> kind", "empty": ""},
	}
	path := t.TempDir() + "/state.safetensors"
	must.M(want.Save(path))
	got := must.M1(fit.LoadState(path))
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("differs (-want +got):\n%s", d)
	}
	first := must.M1(os.ReadFile(path))
	must.M(got.Save(path))
	if string(first) != string(must.M1(os.ReadFile(path))) {
		t.Error("the same state gave other bytes")
	}
}
