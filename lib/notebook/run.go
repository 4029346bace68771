package notebook

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/run"
)

// Run is a search, a pretraining or a training: its directory and its result.
type Run struct {
	run.Summary
	about string // for a recorded run: machine, date and settings in a sentence
}

// Search searches a cell (essnas search). It continues a stopped search and shows a finished one.
func Search(options ...Option) *Run { return computed([]string{"search"}, options) }

// Train trains the network of a cell (essnas train). The cell is a *Run that found it, a
// cell.Genotype, the name of a published cell, or a file.
func Train(genotype any, options ...Option) *Run {
	return computed([]string{"train", "--genotype=" + cells(genotype)}, options)
}

// Pretrain trains the features of a cell's network without labels (essnas pretrain). The cell is
// that of [Train].
func Pretrain(genotype any, options ...Option) *Run {
	return computed([]string{"pretrain", "--genotype=" + cells(genotype)}, options)
}

// Cost is the size of a network.
type Cost struct {
	Weights float64 `json:"weights"`
	MACs    float64 `json:"macs"` // multiply-accumulates for an image
}

// Size counts the weights and multiply-accumulates of a cell's network from shapes alone (essnas
// params). The network has 20 cells and 36 channels unless flags give other numbers. The cell is
// that of [Train].
func Size(genotype any, options ...Option) (c Cost) {
	Check(json.Unmarshal(Do(append([]string{"params", "--genotype=" + cells(genotype)}, flags(options)...)...), &c))
	return c
}

// cells returns a genotype in a form for --genotype.
func cells(genotype any) string {
	switch g := genotype.(type) {
	case *Run:
		return g.Dir
	case cell.Genotype:
		return g.Python()
	}
	name := fmt.Sprint(genotype)
	if _, err := os.Stat(name); err == nil {
		return Path(name)
	}
	return name
}

func computed(args []string, options []Option) *Run {
	p := newProgress(slices.Contains(options, Quiet))
	r := new(Run)
	Check(json.Unmarshal(ask(bounded(append(args, flags(options)...)), p), r))
	if p.quiet {
		return r
	}
	if r.Ended {
		p.say(filepath.Base(r.Dir) + " was done before.")
	}
	// The run was made without pages, or killed before they were drawn.
	if _, err := os.Stat(filepath.Join(r.Dir, "figures", "overview.png")); err != nil {
		Do("report", "--run="+r.Dir)
	}
	// The last figure, which has all formats, replaces those shown during the run.
	r.drawing("overview").display(p.figure.id)
	return r
}

// Figures returns the names of the run's figures.
func (r *Run) Figures() (names []string) {
	files, err := filepath.Glob(filepath.Join(r.Dir, "figures", "*.svg"))
	Check(err)
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".svg"))
	}
	return
}

// Figure shows one of the run's figures.
func (r *Run) Figure(name string) { r.drawing(name).display("") }

// drawing returns a figure of the run in the formats that its directory has.
func (r *Run) drawing(name string) bundle {
	path := filepath.Join(r.Dir, "figures", name)
	svg, err := os.ReadFile(path + ".svg")
	if os.IsNotExist(err) {
		Check(fmt.Errorf("there is no figure %q of this run: choose one of %s", name, strings.Join(r.Figures(), ", ")))
	}
	Check(err)
	png, err := os.ReadFile(path + ".png")
	Check(err)
	text, err := os.ReadFile(path + ".txt")
	if err != nil {
		text = []byte(strings.ReplaceAll(name, "-", " "))
	}
	return bundle{svg: string(svg), png: png, text: string(text)}
}

// Test tests a training's network (essnas test). The test images are read once; a later call shows
// the stored result.
func Test(r *Run) *run.Test {
	t := new(run.Test)
	Check(json.Unmarshal(Do("test", "--run="+r.Dir), t))
	return t
}

// Predict classifies images of the test set (see [Images]) with a training's network, and shows
// them with the predictions.
func Predict(r *Run, options ...Option) []run.Prediction {
	return predict(r, flags(options))
}

// PredictFiles classifies pictures in PNG, JPEG or WebP files, and shows them with the predictions.
func PredictFiles(r *Run, files ...string) []run.Prediction {
	for i := range files {
		files[i] = Path(files[i])
	}
	return predict(r, files)
}

func predict(r *Run, args []string) []run.Prediction {
	var answer run.Predictions
	Check(json.Unmarshal(Do(append([]string{"predict", "--run=" + r.Dir}, args...)...), &answer))
	png, err := os.ReadFile(answer.Picture)
	Check(err)
	var text strings.Builder
	for _, p := range answer.Predictions {
		fmt.Fprintf(&text, "%s: %s (%.1f %%)\n", p.Picture, p.Top[0].Class, 100*p.Top[0].Probability)
	}
	bundle{png: png, text: text.String()}.display("")
	return answer.Predictions
}
