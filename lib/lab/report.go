package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/figure/cellgraph"
	"github.com/essnas/essnas/lib/figure/report"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/whole"
	"github.com/essnas/essnas/lib/settings"
	"golang.org/x/sync/errgroup"
)

// Report writes report.html, one self-contained page about the run, from what the run's directory holds by now, and its figures (SVG, and PNG for
// documents) into figures/. A training whose cell was found by a run that is still there shows that search too. It returns the page's path.
func Report(dir string) (path string, err error) {
	r, err := OpenRun(dir)
	if err != nil {
		return "", err
	}
	w := &writer{figures: r.Path("figures")}
	w.saving.SetLimit(4)
	if err := whole.MkdirAll(w.figures); err != nil {
		return "", err
	}
	switch r.Config.Stage {
	case StageSearch:
		err = w.searched(r)
	case StagePretrain:
		err = w.pretrained(r)
	default:
		err = w.trained(r)
	}
	if err == nil {
		err = w.overview(r)
	}
	if saved := w.saving.Wait(); err == nil {
		err = saved
	}
	if err != nil {
		return "", fmt.Errorf("can't report on %s: %w", dir, err)
	}
	var page bytes.Buffer
	if err := w.page.Write(&page); err != nil {
		return "", err
	}
	path = r.Path("report.html")
	return path, whole.WriteBytes(path, page.Bytes())
}

// report reports on a run that has just ended, unless pages are not wanted.
func (l *Lab) report(r *Run) error {
	if l.NoPages {
		return nil
	}
	_, err := Report(r.Dir)
	return err
}

// writer draws up a report.
type writer struct {
	page    report.Report
	figures string         // the directory that they are saved in
	saving  errgroup.Group // of figures: they are many, and each waits for the disk
}

// show adds a figure to the page and saves it under that name.
func (w *writer) show(s *report.Section, name string, f figure.Figure, caption string) {
	s.Figure(f, caption)
	w.save(name, f)
}

// save writes a figure into the run's directory of figures.
func (w *writer) save(name string, f figure.Figure) {
	w.saving.Go(func() error {
		var svg, png bytes.Buffer
		if err := f.SVG(&svg); err != nil {
			return err
		}
		if err := f.PNG(&png); err != nil {
			return err
		}
		if err := whole.WriteBytes(filepath.Join(w.figures, name+".svg"), svg.Bytes()); err != nil {
			return err
		}
		return whole.WriteBytes(filepath.Join(w.figures, name+".png"), png.Bytes())
	})
}

// warn puts the run's warnings on the page.
func (w *writer) warn(r *Run, images, epochs, enough int) {
	w.page.Warnings = append(w.page.Warnings, warnings(r.Config, images, epochs, enough)...)
}

// warnings tell what keeps the numbers from meaning anything: the embedded sample, few images, few epochs.
func warnings(c Config, images, epochs, enough int) (all []string) {
	d := c.Data
	if d.Sample {
		all = append(all, fmt.Sprintf(
			"These images are %s, built into essnas (%s to train, %s to test), not the data set. What is shown here is how it works, not how well.",
			d.Title, humanize.Comma(int64(d.Train)), humanize.Comma(int64(d.Test))))
	}
	if images > 0 && images < d.Train || epochs < enough {
		used := d.Train
		if images > 0 {
			used = min(images, d.Train)
		}
		stage, published := "search", "40 to 50 epochs on 50,000 images"
		switch c.Stage {
		case StageTrain:
			stage, published = "training", "600 epochs on 50,000 images"
		case StagePretrain:
			stage, published = "pretraining", "50 to 1,000 epochs on 50,000 images"
		}
		all = append(all, fmt.Sprintf(
			"This %s takes %s on %s images: far too little to compare with published results, which take %s. Read the numbers as a demonstration.",
			stage, english.Plural(epochs, "epoch", ""), humanize.Comma(int64(used)), published))
	}
	return all
}

// cells shows both cells of a genotype.
func (w *writer) cells(s *report.Section, g cell.Genotype) error {
	normal, err := cellgraph.Normal("Normal cell", g)
	if err != nil {
		return err
	}
	reduction, err := cellgraph.Reduction("Reduction cell", g)
	if err != nil {
		return err
	}
	w.show(s, "normal-cell", normal, "The normal cell, which keeps height and width. Green: the outputs of the two cells before it; blue: its states; yellow: its output, the states' channels together.")
	w.show(s, "reduction-cell", reduction, "The reduction cell, at 1/3 and 2/3 of the depth: what it reads from the cells before it has stride 2.")
	count := func(genes []cell.Gene) map[string]int {
		n := make(map[string]int)
		for _, gene := range genes {
			n[gene.Op]++
		}
		return n
	}
	ns, rs := count(g.Normal), count(g.Reduce)
	var rows [][]string
	for _, op := range slices.Sorted(maps.Keys(merged(ns, rs))) {
		rows = append(rows, []string{op, fmt.Sprint(ns[op]), fmt.Sprint(rs[op])})
	}
	s.Table("How often each operation stands in a cell, of 8.", []string{"operation", "normal", "reduction"}, rows)
	s.Verbatim("The genotype, as genotypes.py of DARTS and its relatives has it; essnas reads it from a file.", g.Python())
	return nil
}

func merged(a, b map[string]int) map[string]int {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// circumstances shows settings, data, versions and times: what it takes to do it again.
func (w *writer) circumstances(r *Run, events []Event) error {
	c := r.Config
	s := w.page.Section("Settings and circumstances", "All that decides the result, and where it was computed. On XLA CPU the same settings give the same bits.")
	if err := settingsTable(s, c); err != nil {
		return err
	}
	data := [][]string{
		{"data set", c.Data.Title},
		{"whole or sample", map[bool]string{false: "whole", true: "the embedded sample"}[c.Data.Sample]},
		{"images", fmt.Sprintf("%s to train, %s to test, %d x %d pixels, %d channels, %d classes", humanize.Comma(int64(c.Data.Train)), humanize.Comma(int64(c.Data.Test)), c.Data.Side, c.Data.Side, c.Data.Channels, len(c.Data.Classes))},
	}
	for _, file := range slices.Sorted(maps.Keys(c.Data.Checksums)) {
		data = append(data, []string{file, c.Data.Checksums[file]})
	}
	s.Table("Data, with the checksums of its files.", nil, data)
	made := [][]string{{"backend", strings.TrimSpace(strings.Join([]string{c.Backend.Kind, c.Backend.Version}, " "))}}
	for _, name := range slices.Sorted(maps.Keys(c.Versions)) {
		made = append(made, []string{name, c.Versions[name]})
	}
	made = append(made, []string{"command", strings.Join(c.Command, " ")}, []string{"begun", c.Started}, []string{"run", c.Name + "-" + c.Hash})
	if m := c.Memory; m != nil {
		text := m.String()
		result, err := r.Result()
		if err != nil {
			return err
		}
		if result != nil && result.Memory > 0 {
			text += "; its process held " + sizeOf(result.Memory) + " at most"
		}
		made = append(made, []string{"memory", text})
	}
	s.Table("Versions and origin.", nil, made)
	s.Table("Times, from the run's record.", nil, timings(events))
	return nil
}

// settingsTable shows the settings by the names that flags and settings files have for them.
func settingsTable(s *report.Section, c Config) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(c.Settings, &values); err != nil {
		return fmt.Errorf("the settings in config.json can't be read: %w", err)
	}
	fields := settings.Fields[settings.Search]()
	switch c.Stage {
	case StageTrain:
		fields = settings.Fields[settings.Train]()
	case StagePretrain:
		fields = settings.Fields[settings.Pretrain]()
	}
	var rows [][]string
	for _, f := range fields {
		if value, ok := values[f.Name]; ok {
			rows = append(rows, []string{f.Name, string(value), f.Help})
		}
	}
	s.Table("Settings.", nil, rows)
	return nil
}

// timings sums up how long things took. Steps are measured from the end of one to the end of the next, within epochs, so that neither compiling
// nor validation counts.
func timings(events []Event) [][]string {
	var steps []float64
	var total float64
	var epochs int
	var notes [][]string
	for i, e := range events {
		total = max(total, e.Seconds)
		switch e.Kind {
		case fit.EndOfEpoch:
			epochs++
		case fit.Note:
			notes = append(notes, []string{"at " + clock(e.Seconds), e.Text})
		case fit.EndOfStep:
			if i > 0 && events[i-1].Kind == fit.EndOfStep && events[i-1].Epoch == e.Epoch && events[i-1].Step == e.Step-1 {
				steps = append(steps, e.Seconds-events[i-1].Seconds)
			}
		}
	}
	rows := [][]string{{"in all", clock(total)}, {"epochs", fmt.Sprint(epochs)}}
	if len(steps) > 0 {
		slices.Sort(steps)
		rows = append(rows, []string{"a step", fmt.Sprintf("%.3g s (median of %s)", steps[len(steps)/2], humanize.Comma(int64(len(steps))))})
	}
	return append(rows, notes...)
}

// clock is a time in words that fit its size.
func clock(seconds float64) string {
	if seconds < 60 {
		return fmt.Sprintf("%.1f s", seconds)
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}

// foundBy is the search that a training's cell is from; nil when it was published, is from a file, or the search is not there any more.
func foundBy(c Config) *Run {
	if info, err := os.Stat(c.Cells); c.Cells == "" || err != nil || !info.IsDir() {
		return nil
	}
	r, err := OpenRun(c.Cells)
	if err != nil || r.Config.Stage != StageSearch {
		return nil
	}
	if g, err := r.Genotype(); err != nil || c.Genotype == nil || g.Python() != c.Genotype.Python() {
		return nil
	}
	return r
}
