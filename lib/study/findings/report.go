package findings

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/score"
)

// Report writes results.csv, results.json, figures and report.html, one self-contained page, from
// the present contents of the study's directory. It returns the path of the page, and an error if a
// run is damaged or a file can't be written.
func (s *Directory) Report() (path string, err error) {
	r, err := s.Results()
	if err != nil {
		return "", err
	}
	var table bytes.Buffer
	if err := r.WriteCSV(&table); err != nil {
		return "", err
	}
	if err := atomicfile.WriteBytes(s.Path("results.csv"), table.Bytes()); err != nil {
		return "", err
	}
	if err := s.Write("results.json", r); err != nil {
		return "", err
	}
	page, figures, err := r.page()
	if err != nil {
		return "", err
	}
	for _, name := range slices.Sorted(maps.Keys(figures)) {
		var svg, png bytes.Buffer
		if err := figures[name].SVG(&svg); err != nil {
			return "", err
		}
		if err := figures[name].PNG(&png); err != nil {
			return "", err
		}
		if err := atomicfile.WriteBytes(s.Path("figures", name+".svg"), svg.Bytes()); err != nil {
			return "", err
		}
		if err := atomicfile.WriteBytes(s.Path("figures", name+".png"), png.Bytes()); err != nil {
			return "", err
		}
	}
	var html bytes.Buffer
	if err := page.Write(&html); err != nil {
		return "", err
	}
	path = s.Path("report.html")
	return path, atomicfile.WriteBytes(path, html.Bytes())
}

// Warning returns a warning that the numbers have no meaning, or "" for a study of full size.
func (r *Results) Warning() string {
	if !r.Config.small() {
		return ""
	}
	return "The numbers of this study have no meaning: few images, few epochs, shallow networks, few seeds. It demonstrates the procedure and says nothing about the methods that it compares."
}

// page makes the report; figures has the figures that are also kept as files, by name.
func (r *Results) page() (*report.Page, map[string]figure.Figure, error) {
	p := &report.Page{
		Title: "A study on " + Title(r.Config.Dataset),
		Lead: fmt.Sprintf("%s, %s each: cells were searched, networks built from them trained, and tested once on each data set%s.",
			english.Plural(len(r.Config.Configurations), "configuration", ""), english.Plural(r.Config.Seeds, "seed", ""), Transferred(r.Config.Transfers)),
		Footer: "Written by essnas. Each run has a report of its own: essnas report --run " + filepath.Join(r.Study, "runs", "CONFIGURATION", "seedN", "search"),
	}
	if warning := r.Warning(); warning != "" {
		p.Warnings = append(p.Warnings, warning)
	}
	for _, remark := range r.Config.Remarks {
		p.Warnings = append(p.Warnings, Upper(remark)+".")
	}
	if missing := r.pairs() - r.complete(); missing > 0 {
		p.Warnings = append(p.Warnings, fmt.Sprintf("This study has not ended: %s of configuration and seed not complete.", english.Plural(missing, "pair is", "pairs are")))
	}
	figures := map[string]figure.Figure{}
	show := func(s *report.Section, name string, f figure.Figure, caption string) {
		s.Figure(f, caption)
		figures[name] = f
	}

	s := p.Section("The slides' table", "The slides' numbers for each configuration, from one run each, and those of this study: the mean over the seeds ± half of its 95 % t interval.")
	header, rows := r.Table()
	s.Table("Accuracy: top-1 on the test images, which are read once. Search: duration without compiling; the slides' in days of a V100, this study's on "+r.Config.Backend+". Parameters: those of the network of 20 cells and 36 channels, in millions. Percentile: the mean percentile of the accuracies among those of the random cells; 50 means no better than random. Skips: skip connections among the 16 operations of both cells. n: seeds.", header, rows)
	show(s, "accuracy", r.Dots(r.Accuracy()), "The accuracy of every configuration. Dots: seeds; bars: means; lines: 95 % intervals, cut at the edges.")

	s = p.Section("The slides' claims", "Paired t tests over the seeds. If a side has several ss_factors, their mean counts, so that none is selected afterwards. Holm's method corrects the p values for the number of claims. A claim is supported or not supported if its corrected p is below 0.05. Otherwise it is undecided, which does not refute it.")
	var sentences []string
	var tests [][]string
	for _, c := range r.Claims {
		sentences = append(sentences, c.String())
		detectable := "-"
		if c.Detectable > 0 {
			detectable = c.size()
		}
		tests = append(tests, append([]string{c.Text, c.Slides}, append(r.test(c.Comparison, string(c.Verdict)), detectable)...))
	}
	s.List("", sentences)
	s.Table("The same as numbers. Differences of times are factors. Detectable: the difference that a test detects with a power of 0.8.", []string{"claim", "slides", "n", "difference", "95 % interval", "t", "p", "p (Holm)", "verdict", "detectable"}, tests)

	s = p.Section("Every pair of groups", "The accuracy of each group against every other group, paired by seed, with Holm's correction for all pairs.")
	tests = nil
	for _, c := range r.Stages {
		tests = append(tests, append([]string{GroupTitle(c.A) + " - " + GroupTitle(c.B)}, r.test(c, significant(c))...))
	}
	s.Table("In percentage points.", []string{"pair", "n", "difference", "95 % interval", "t", "p", "p (Holm)", "significant"}, tests)

	s = p.Section("Accuracy and search time", "A configuration is on the Pareto front if no other is at least as accurate and as fast.")
	show(s, "pareto", r.Pareto(), "Labels are ss_factors; lines are 95 % intervals, cut at the edges. Random cells take no search.")
	show(s, "search-time", r.Dots(SearchTime()), "Duration of the searches, without compiling.")

	s = p.Section("Does the supernet predict the network?", "Does the accuracy of the supernet at the end of a search order the found networks as their test accuracy does? Kendall's tau-b is 1 for the same order and 0 for no correlation. Trials of one configuration are not independent of each other, so p is too small.")
	show(s, "search-and-final", r.SearchAgainstFinal(), "Each point is a search.")
	rows = nil
	for _, c := range r.Predictive {
		rows = append(rows, []string{c.Of, fmt.Sprint(c.N), fmt.Sprintf("%.3f", c.Tau), fmt.Sprintf("%.2f to %.2f", c.Low, c.High), probability(c.P)})
	}
	s.Table("Rank correlation. At ss_factor 1 the accuracy of the supernet is that of a probe.", []string{"of", "n", "tau", "95 % interval", "p"}, rows)

	if len(r.Config.Transfers) > 0 {
		s = p.Section("Transfer", "The same cells, in networks trained on other data sets.")
		header, rows := r.TransferTable()
		s.Table("Top-1 on the test images, mean over the seeds ± half of the 95 % t interval.", header, rows)
		for _, dataset := range r.Config.Transfers {
			show(s, "transfer-"+dataset, r.Dots(Accuracy(dataset, Title(dataset))), "")
		}
	}
	s = p.Section("The cells", "Every found cell, and the cells that random search has drawn.")
	frames, err := r.Cells()
	if err != nil {
		return nil, nil, err
	}
	s.Cards("Black: skip connections; blue: pools; warm: separable, green and purple: dilated convolutions.", frames)
	for _, m := range []Measure{Skips(), ParameterFree(), Depth()} {
		show(s, strings.ReplaceAll(m.Name, "_", "-"), r.Dots(m), m.Title+" of both cells together.")
	}
	r.circumstances(p.Section("Settings and circumstances", "The settings and data that determine the result, and the versions that computed it."))
	return p, figures, nil
}

func Transferred(datasets []string) (text string) {
	for i, d := range datasets {
		text += []string{", and transferred to ", " and "}[min(i, 1)] + Title(d)
	}
	return
}

func Upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// pairs counts the pairs of configuration and seed that the study asks for.
func (r *Results) pairs() (n int) {
	for _, name := range r.Config.Configurations {
		c, _ := Find(name)
		n += r.Config.SeedsOf(c)
	}
	return n
}

// complete counts the pairs of configuration and seed whose jobs have all ended.
func (r *Results) complete() (n int) {
	for _, t := range r.Trials {
		if len(t.Tests) == 1+len(r.Config.Transfers) {
			n++
		}
	}
	return
}

// Table returns the slides' numbers beside this study's, [row][column], with a header. Transfers
// have a table of their own.
func (r *Results) Table() (header []string, rows [][]string) {
	header = []string{"configuration", "ss_factor", "n", "accuracy (%)", "slides", "search", "slides (days)", "parameters (M)", "slides", "percentile", "skips", "depth", "Pareto"}
	for _, l := range r.Lines {
		p := Slides(l.Configuration.Name)
		if r.Config.Dataset != "cifar10" {
			p.Accuracy = 0 // the slides' accuracy is that on other images
		}
		search := "none"
		if l.Configuration.Method != "" {
			search = times(l.SearchSeconds)
		}
		factor := "-"
		if l.Configuration.Method != "" {
			factor = fmt.Sprint(l.Configuration.SSFactor)
		}
		rows = append(rows, []string{GroupTitle(l.Configuration.Group), factor, fmt.Sprint(l.Accuracy.N), l.Accuracy.Text(2), known(p.Accuracy, 2), search, known(p.Days, 4),
			l.Parameters.Text(2), known(p.Parameters, 1), mean(l.Percentile), mean(l.Skips), mean(l.Depth), map[bool]string{true: "yes"}[l.Pareto]})
	}
	return header, rows
}

// mean writes the mean of an estimate, without its interval.
func mean(e score.Estimate) string {
	return score.Estimate{N: min(e.N, 1), Mean: e.Mean}.Text(1)
}

// TransferTable returns the accuracies on the other data sets beside the slides', [row][column],
// with a header. The header is nil without transfers.
func (r *Results) TransferTable() (header []string, rows [][]string) {
	if len(r.Config.Transfers) == 0 {
		return nil, nil
	}
	header = []string{"configuration", "ss_factor"}
	for _, d := range r.Config.Transfers {
		header = append(header, "n", Title(d)+" (%)", "slides")
	}
	for _, l := range r.Lines {
		row := []string{GroupTitle(l.Configuration.Group), "-"}
		if l.Configuration.Method != "" {
			row[1] = fmt.Sprint(l.Configuration.SSFactor)
		}
		for _, d := range r.Config.Transfers {
			row = append(row, fmt.Sprint(l.Transfers[d].N), l.Transfers[d].Text(2), known(Slides(l.Configuration.Name).Transfer[d], 2))
		}
		rows = append(rows, row)
	}
	return header, rows
}

func known(x float64, digits int) string {
	if x == 0 {
		return "-"
	}
	return fmt.Sprintf("%.*f", digits, x)
}

func times(e score.Estimate) string {
	if e.N == 0 {
		return "-"
	}
	mean := unbroken(Duration(time.Duration(e.Mean * float64(time.Second))))
	if e.N == 1 {
		return mean
	}
	return mean + "\u00a0±\u00a0" + unbroken(Duration(time.Duration(e.Half*float64(time.Second))))
}

func unbroken(text string) string { return strings.ReplaceAll(text, " ", "\u00a0") }

// test returns a comparison as cells of a table.
func (r *Results) test(c Comparison, last string) []string {
	if c.N == 0 {
		return []string{"0", "-", "-", "-", "-", "-", last}
	}
	d := c.Difference
	if c.N == 1 || c.spreadless() {
		return []string{fmt.Sprint(c.N), c.show(d.Mean), "-", "-", "-", "-", last}
	}
	return []string{fmt.Sprint(c.N), c.show(d.Mean), c.show(d.Mean-d.Half) + " to " + c.show(d.Mean+d.Half), fmt.Sprintf("%.2f", c.T), probability(c.P), probability(c.Holm), last}
}

func significant(c Comparison) string {
	if c.Holm < significance {
		return "yes"
	}
	return ""
}

// circumstances shows everything needed to repeat the study: settings, data and versions.
func (r *Results) circumstances(s *report.Section) {
	c := r.Config
	var rows [][]string
	for _, name := range c.Configurations {
		if chosen, ok := c.Search[name]; ok {
			rows = append(rows, []string{name, fmt.Sprint(chosen.Epochs), fmt.Sprint(chosen.Frozen), phases(chosen.Phases, chosen.Cells), fmt.Sprint(chosen.Channels), fmt.Sprint(chosen.Partial), fmt.Sprint(chosen.Batch), imageCount(chosen.Images), fmt.Sprint(chosen.SSFactor)})
		}
	}
	s.Table("Searches. Epochs are those of each phase.", []string{"configuration", "epochs", "frozen", "cells, phases", "channels", "K", "batch", "images", "ss_factor"}, rows)
	t := c.Train
	s.Table("Trainings.", nil, [][]string{
		{"cells", fmt.Sprint(t.Cells)}, {"channels", fmt.Sprint(t.Channels)}, {"epochs", fmt.Sprint(t.Epochs)}, {"batch", fmt.Sprint(t.Batch)}, {"images", imageCount(t.Images)},
		{"test images", imageCount(c.TestImages)}, {"auxiliary", fmt.Sprint(t.Auxiliary)}, {"drop path", fmt.Sprint(t.DropPath)}, {"cutout", fmt.Sprint(t.Cutout)}, {"learning rate", fmt.Sprint(t.LR)},
	})
	rows = nil
	for _, set := range c.Datasets() {
		for _, file := range slices.Sorted(maps.Keys(c.Data[set])) {
			rows = append(rows, []string{file, c.Data[set][file]})
		}
	}
	s.Table("Data, with the checksums of its files.", nil, rows)
	rows = [][]string{{"backend", c.Backend}}
	for _, name := range slices.Sorted(maps.Keys(c.Versions)) {
		rows = append(rows, []string{name, c.Versions[name]})
	}
	rows = append(rows, []string{"command", strings.Join(c.Command, " ")}, []string{"begun", c.Started}, []string{"study", c.Name + "-" + c.Hash})
	s.Table("Versions and origin.", nil, rows)
}

func phases(phases string, cells int) string {
	if phases != "" {
		return phases
	}
	return fmt.Sprint(cells)
}

func imageCount(n int) string {
	if n == 0 {
		return "all"
	}
	return fmt.Sprint(n)
}
