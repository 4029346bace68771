package stage

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/settings"
)

// writeRun makes the directory of a run of the preset quick that has had so many epochs of 20
// steps.
func writeRun(t *testing.T, c run.Config, epochs int, details func(epoch int) any) string {
	t.Helper()
	dir := t.TempDir()
	c.Data = run.Data{Name: "cifar10", Title: "CIFAR-10", Classes: []string{"cat", "dog", "horse"}, Channels: 3, Side: 32, Train: 50_000, Test: 10_000, Checksums: map[string]string{"data.bin": "abc"}}
	c.Backend = run.Backend{Kind: "cpu", Version: "0.81"}
	c.Versions = map[string]string{"go": "go1.26"}
	r := &run.Run{Dir: dir, Config: c}
	if err := r.Write("config.json", c); err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	add := func(e run.Event) {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(text, '\n'))
	}
	add(run.Event{Kind: event.Note, Seconds: 12, Text: "ready after 12 s"})
	seconds := 12.0
	for epoch := range epochs {
		for step := range 20 {
			seconds += 0.5
			m := event.Metrics{"train_loss": 2 - 0.02*float64(20*epoch+step), "train_accuracy": 0.3, "lr": 0.1}
			if epoch > 0 {
				m["arch_loss"] = 2
			}
			add(run.Event{Kind: event.EndOfStep, Epoch: epoch, Step: step, Seconds: seconds, Metrics: m})
		}
		seconds += 3 // validation: no step
		e := run.Event{Kind: event.EndOfEpoch, Epoch: epoch, Step: 20, Seconds: seconds, Best: epoch == 1, Metrics: event.Metrics{"train_loss": 1, "train_accuracy": 0.4, "val_loss": 1.25, "val_accuracy": 0.625, "lr": 0.1}}
		if bytes.Contains(c.Settings, []byte(`"eigenvalue":1`)) {
			e.Metrics["eigenvalue"] = 0.1 * float64(epoch+1)
		}
		if details != nil {
			text, err := json.Marshal(details(epoch))
			if err != nil {
				t.Fatal(err)
			}
			e.Details = text
		}
		add(e)
	}
	if err := os.WriteFile(r.Path("events.jsonl"), lines.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func searchRun(t *testing.T, epochs int, g cell.Genotype) string {
	chosen, err := settings.SearchChoice().Settings()
	if err != nil {
		t.Fatal(err)
	}
	return searchRunOf(t, chosen, epochs, g, 0)
}

// searchRunOf is a search with these settings; stopped is the epoch, counted from 1, that ended a
// phase early with 5 skips, or 0.
func searchRunOf(t *testing.T, chosen settings.Search, epochs int, g cell.Genotype, stopped int) string {
	other, _ := cell.Published("DARTS_V1")
	dir := writeRun(t, run.Config{Stage: searchStage().Name, Name: "search-cifar10", Hash: "1234", Settings: encode(chosen)}, epochs, func(epoch int) any {
		a := run.Architecture{Genotype: &other}
		for typ := range a.Alphas {
			for e := range cell.Edges {
				row := make([]float64, 8)
				for o := range row {
					row[o] = 0.125
				}
				row[e%8] += 0.01 * float64(epoch)
				row[(e+1)%8] -= 0.01 * float64(epoch) // shares of a softmax
				a.Alphas[typ] = append(a.Alphas[typ], row)
				a.Betas[typ] = append(a.Betas[typ], 0.3)
			}
		}
		if epoch == epochs-1 {
			a.Genotype = &g
		}
		if epoch == stopped-1 {
			a.Stopped = 5
		}
		return a
	})
	return dir
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func holds(t *testing.T, page string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
}

// The paper's cell has 3,634,678 weights for 10 classes; the runs here have 3, which takes off 7 x
// (576 + 1).
func TestReportOfASearchShowsItsCellsCurvesAndAlphas(t *testing.T) {
	g, _ := cell.Published("PC_DARTS_cifar")
	dir := searchRun(t, 6, g)
	if err := (&run.Run{Dir: dir}).WriteGenotype(g); err != nil {
		t.Fatal(err)
	}
	path, err := Report(dir)
	if err != nil {
		t.Fatal(err)
	}
	if path != filepath.Join(dir, "report.html") {
		t.Errorf("the report is %s", path)
	}
	page := read(t, path)
	holds(t, page, "A search on CIFAR-10", "This search takes 6 epochs on 2,000 images: far too little", ">3,630,639<", "sep_conv_5x5", "softmax(alpha)", "softmax(beta)",
		`data-name="epochs 1 to 5"`, `class="frame shown" data-name="epoch 6"`, "arch_weight_decay", "data.bin", "ready after 12 s", "0.5 s (median of 114)")
	if strings.Contains(page, "has not ended") || strings.Contains(page, "built into essnas") {
		t.Error("the page warns of what is not so")
	}
	for _, name := range []string{"normal-cell", "reduction-cell", "search-curves", "normal-alphas", "reduction-alphas", "alphas", "normal-betas", "reduction-betas"} {
		for _, format := range []string{".svg", ".png"} {
			if info, err := os.Stat(filepath.Join(dir, "figures", name+format)); err != nil || info.Size() < 1000 {
				t.Errorf("figure %s: %v", name+format, err)
			}
		}
	}
}

func TestReportOfASearchThatIsUnderWaySaysSo(t *testing.T) {
	g, _ := cell.Published("PC_DARTS_cifar")
	path, err := Report(searchRun(t, 2, g))
	if err != nil {
		t.Fatal(err)
	}
	holds(t, read(t, path), "This search has not ended: 2 of 6 epochs are done.", ">3,630,639<")
	path, err = Report(searchRun(t, 0, g))
	if err != nil {
		t.Fatal(err)
	}
	holds(t, read(t, path), "This search has not ended: 0 of 6 epochs are done.", "no values were recorded")
}

func TestAlphasOfAProgressiveSearchKeepTheirColumns(t *testing.T) {
	a := run.Architecture{Alphas: [2][][]float64{{{0.75, 0.25}}, {{0.5, 0.5}}}, Operations: [2][][]string{{{"skip_connect", "none"}}}}
	row := a.Full(0, cell.Primitives)[0]
	if len(row) != 8 || row[0] != 0.25 || row[3] != 0.75 || !math.IsNaN(row[1]) || !math.IsNaN(row[7]) {
		t.Errorf("got %v, want none 0.25, skip_connect 0.75 and nothing else", row)
	}
	if row := a.Full(1, cell.Primitives)[0]; len(row) != 2 {
		t.Errorf("got %v for an edge whose operations were not recorded", row)
	}
}

func TestReportOfATrainingShowsTestPredictionsAndTheSearchOfItsCell(t *testing.T) {
	g, _ := cell.Published("PC_DARTS_cifar")
	found := searchRun(t, 6, g)
	if err := (&run.Run{Dir: found}).WriteGenotype(g); err != nil {
		t.Fatal(err)
	}
	chosen, err := settings.TrainChoice().Settings()
	if err != nil {
		t.Fatal(err)
	}
	dir := writeRun(t, run.Config{Stage: trainStage().Name, Name: "train-cifar10", Settings: encode(chosen), Genotype: &g, Cells: found}, 6, nil)
	r := &run.Run{Dir: dir}
	if err := r.WriteGenotype(g); err != nil {
		t.Fatal(err)
	}
	path, err := Report(dir)
	if err != nil {
		t.Fatal(err)
	}
	page := read(t, path)
	holds(t, page, "It has not been tested yet: "+run.Command("test", "--run"), "Validation accuracy", "62.50 %", "Best epoch", "NAS in action", "arch_weight_decay", "drop_path")

	table, err := score.New([]string{"cat", "dog", "horse"}, [][]float32{{3, 0, 0}, {2, 1, 0}, {0, 0, 9}, {0, 4, 0}}, []uint8{0, 1, 2, 1})
	if err != nil {
		t.Fatal(err)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, figure.Picture(make([]uint8, 12), 2, 2, 3)); err != nil {
		t.Fatal(err)
	}
	drawn := base64.StdEncoding.EncodeToString(picture.Bytes())
	test := run.Test{Table: table, Data: "CIFAR-10", Epoch: 2, Weights: 1_234_567, MACs: 89_000_000, Samples: []run.Sample{
		{Index: 0, Label: 0, Top: []run.Guess{{Class: 0, Probability: 0.91}}, PNG: drawn}, {Index: 1, Label: 1, Top: []run.Guess{{Class: 0, Probability: 0.66}, {Class: 1, Probability: 0.34}}, PNG: drawn}}}
	if err := r.Write("test.json", test); err != nil {
		t.Fatal(err)
	}
	if _, err := Report(dir); err != nil {
		t.Fatal(err)
	}
	page = read(t, path)
	holds(t, page, "75.00 %", fmt.Sprintf("95 %% interval: %.2f to %.2f %%; chance: 33.3 %%", 100*table.Top1Range.Low, 100*table.Top1Range.High), "1,234,567", "89 M multiply-adds",
		"true class: dog", "66.0 %", "Correct predictions", "Wrong predictions", `<tr class="all"><td>all</td><td>0.7500</td>`, "Confusion matrix", "The weights of epoch 2")

	test.Samples[0].PNG = "!"
	if err := r.Write("test.json", test); err != nil {
		t.Fatal(err)
	}
	if _, err := Report(dir); err == nil || !strings.Contains(err.Error(), "the picture of test image 0 is damaged") {
		t.Errorf("got error %v", err)
	}
}

func TestReportOfAnEmptyDirectorySaysThatItIsNoRun(t *testing.T) {
	if _, err := Report(t.TempDir()); err == nil || !strings.Contains(err.Error(), "is not a run") {
		t.Errorf("got error %v", err)
	}
}
