package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/figure/cellgraph"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"golang.org/x/sync/errgroup"
)

// Writer writes the page of a run and its figures.
type Writer struct {
	Page
	Run     *run.Run
	figures string         // directory of the figures
	drawing errgroup.Group // draws figures concurrently, because each waits for the disk
}

// NewWriter returns the writer of the run in a directory. It returns an error if the directory
// can't be written.
func NewWriter(r *run.Run) (*Writer, error) {
	w := &Writer{Run: r, figures: r.Path("figures")}
	w.drawing.SetLimit(4)
	return w, atomicfile.MkdirAll(w.figures)
}

// Close writes the page once all figures are drawn, and returns its path. It returns the first
// error of figures and page.
func (w *Writer) Close() (path string, err error) {
	if err := w.drawing.Wait(); err != nil {
		return "", err
	}
	var page bytes.Buffer
	if err := w.Page.Write(&page); err != nil {
		return "", err
	}
	path = w.Run.Path("report.html")
	return path, atomicfile.WriteBytes(path, page.Bytes())
}

// Show adds a figure to the page and saves it under that name.
func (w *Writer) Show(s *Section, name string, f figure.Figure, caption string) {
	s.Figure(f, caption)
	w.Draw(name, f)
}

// Draw writes a figure into the run's directory of figures.
func (w *Writer) Draw(name string, f figure.Figure) {
	w.Figures = append(w.Figures, name+".svg", name+".png")
	w.drawing.Go(func() error {
		var svg, png bytes.Buffer
		if err := f.SVG(&svg); err != nil {
			return err
		}
		if err := f.PNG(&png); err != nil {
			return err
		}
		if err := atomicfile.WriteBytes(filepath.Join(w.figures, name+".svg"), svg.Bytes()); err != nil {
			return err
		}
		return atomicfile.WriteBytes(filepath.Join(w.figures, name+".png"), png.Bytes())
	})
}

// Drawn returns the names of the files in figures/ that were drawn with the run's page. It returns
// an error if the page can't be read.
func Drawn(r *run.Run) (names []string, err error) {
	page, err := os.ReadFile(r.Path("report.html"))
	if err != nil {
		return nil, atomicfile.Explain(err, r.Path("report.html"))
	}
	if found := drawn.FindSubmatch(page); found != nil {
		names = strings.Fields(string(found[1]))
	}
	return append(names, "overview.svg", "overview.png", "overview.txt"), nil // all pages have these three
}

var drawn = regexp.MustCompile(`<meta name="figures" content="([a-z0-9. -]*)">`)

// Cells shows both cells of a genotype. It returns an error if they can't be drawn.
func (w *Writer) Cells(s *Section, g cell.Genotype) error {
	normal, err := cellgraph.Normal("Normal cell", g)
	if err != nil {
		return err
	}
	reduction, err := cellgraph.Reduction("Reduction cell", g)
	if err != nil {
		return err
	}
	w.Show(s, "normal-cell", normal, "The normal cell, which keeps height and width. Green: the outputs of the two cells before it; blue: its states; yellow: its output, the concatenation of the states.")
	w.Show(s, "reduction-cell", reduction, "The reduction cell, at 1/3 and 2/3 of the depth. The operations on its inputs have stride 2.")
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
	s.Table("The number of times each operation occurs in a cell, of 8.", []string{"operation", "normal", "reduction"}, rows)
	s.Verbatim("The genotype in the form of genotypes.py of DARTS and its successors; essnas reads it from a file.", g.Python())
	return nil
}

func merged(a, b map[string]int) map[string]int {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// Circumstances adds a section with everything needed to repeat the run: settings, data, versions
// and times. It returns an error if the settings can't be read.
func (w *Writer) Circumstances(fields []settings.Field, events []run.Event) error {
	r, c := w.Run, w.Run.Config
	s := w.Section("Settings and circumstances", "The settings and data that determine the result, and the machine and versions that computed it. On XLA CPU the same settings give the same bits.")
	if err := SettingsTable(s, c, fields); err != nil {
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
		text := MemoryText(*m)
		result, err := r.Result()
		if err != nil {
			return err
		}
		if result != nil && result.Memory > 0 {
			text += "; its process held " + Size(result.Memory) + " at most"
		}
		made = append(made, []string{"memory", text})
	}
	s.Table("Versions and origin.", nil, made)
	s.Table("Times, from the run's record.", nil, Timings(events))
	return nil
}

// SettingsTable shows the settings by their names in flags and settings files, [row][column]. It
// returns an error if config.json has settings that can't be read.
func SettingsTable(s *Section, c run.Config, fields []settings.Field) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(c.Settings, &values); err != nil {
		return fmt.Errorf("the settings in config.json can't be read: %w", err)
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

// Timings summarises durations, [row][column]. The time of a step is that between the ends of two
// consecutive steps of an epoch, without compilation and validation.
func Timings(events []run.Event) [][]string {
	var steps []float64
	var total float64
	var epochs int
	var notes [][]string
	for i, e := range events {
		total = max(total, e.Seconds)
		switch e.Kind {
		case event.EndOfEpoch:
			epochs++
		case event.Note:
			notes = append(notes, []string{"at " + Clock(e.Seconds), e.Text})
		case event.EndOfStep:
			if i > 0 && events[i-1].Kind == event.EndOfStep && events[i-1].Epoch == e.Epoch && events[i-1].Step == e.Step-1 {
				steps = append(steps, e.Seconds-events[i-1].Seconds)
			}
		}
	}
	rows := [][]string{{"in all", Clock(total)}, {"epochs", fmt.Sprint(epochs)}}
	if len(steps) > 0 {
		slices.Sort(steps)
		rows = append(rows, []string{"a step", fmt.Sprintf("%.3g s (median of %s)", steps[len(steps)/2], humanize.Comma(int64(len(steps))))})
	}
	return append(rows, notes...)
}

// Views shows examples of the run's two views, if it has any. It returns an error if views.json is
// damaged.
func (w *Writer) Views(text string) error {
	all, err := w.Run.Views()
	if err != nil || len(all) == 0 {
		return err
	}
	var tiles []figure.Tile
	add := func(text, caption string) error {
		raw, err := base64.StdEncoding.DecodeString(text)
		if err == nil {
			picture, e := png.Decode(bytes.NewReader(raw))
			if err = e; e == nil {
				tiles = append(tiles, figure.Tile{Picture: picture, Caption: caption})
			}
		}
		if err != nil {
			return fmt.Errorf("a picture in %s is damaged (%w): delete the file", w.Run.Path("views.json"), err)
		}
		return nil
	}
	for _, v := range all {
		if err := add(v.Picture, fmt.Sprintf("image %d", v.Index)); err != nil {
			return err
		}
		for i, pair := range v.Pairs {
			for k, text := range pair {
				if err := add(text, fmt.Sprintf("pair %d, view %d", i+1, k+1)); err != nil {
					return err
				}
			}
		}
	}
	s := w.Section("The two views", "The loss compares two views of each image. The views are distorted independently, and anew in each epoch.")
	w.Show(s, "views", figure.Grid(1+2*len(all[0].Pairs), tiles), "Training images, and three pairs of views of each. Settings: "+text+".")
	return nil
}

// Size returns a number of bytes with a unit, such as 3.2 kB.
func Size(n int64) string { return humanize.Bytes(uint64(max(0, n))) }

// MemoryText describes the estimated memory of a run in a few words.
func MemoryText(m run.Memory) string {
	text := "takes about " + Size(m.Total) + " of memory"
	if m.Saving == littleSaved {
		text += ", because more would not fit: the backward pass recomputes activations, which takes 10 to 20 % more time"
	}
	return text
}

// littleSaved is the value of run.Need's Saving if the backward pass recomputes activations.
const littleSaved = "little"
