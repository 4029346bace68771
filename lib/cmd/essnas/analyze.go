package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
	"github.com/essnas/essnas/lib/analysis"
	"github.com/essnas/essnas/lib/analysis/claims"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/pipeline"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
	"github.com/spf13/cobra"
)

// analyzed is a genotype, the shape of its cells, and the rank of the normal cell among random
// cells.
type analyzed struct {
	Name        string             `json:"name"`
	Normal      analysis.Measures  `json:"normal"`
	Reduction   analysis.Measures  `json:"reduction"`
	Percentiles map[string]float64 `json:"percentiles"`     // percentiles of the normal cell, by measure
	Field       int                `json:"receptive_field"` // receptive field of the network, in pixels
	Weights     int                `json:"weights"`
	MACs        int                `json:"macs"`
	// for a search: depth of the normal and the reduction cell, weighted by the last alphas
	Weighted *[2]float64 `json:"weighted_depth,omitempty"`
	Latency  *latency    `json:"latency,omitempty"` // measured latency of the network

	genotype cell.Genotype
}

func (p *program) analyze() *cobra.Command {
	var random, batch int
	var seed uint64
	var latency bool
	var picture string
	s := pipeline.Shape{Cells: 20, Channels: 36, Classes: 10, ImageChannels: 3, ImageSide: 32}
	c := &cobra.Command{
		Use:   "analyze RUN|GENOTYPE...",
		Short: "Measure the shape of cells",
		Long: `Measure the shape of cells: skip connections, operations without weights, depth (operations on the longest path from an input to the output), the mean
length of all paths, width (states that read inputs), receptive field, dilated convolutions, pools behind separable convolutions. For the run of a search
there is also the depth weighted by its last alphas. Weights, multiply-accumulates and the receptive field of the network follow. Nothing is trained.

Several searches test the slides' claims: phases reduce skip connections and add depth, self-supervision adds depth, PC-DARTS prefers operations without
weights, PCP-DARTS finds dilated convolutions, partial channels reduce operations without weights. Each claim has counts, a 95 % interval, the rank among
random cells, and a verdict.

--latency measures the time of the networks for a batch on this device, in turn, with initial weights. The percentile of a normal cell's measure is the
share of random cells (the space of DARTS, the same number of states) with a smaller value, plus half of the share with the same value.`,
		Example: `  essnas analyze DARTS_V2 PC_DARTS_cifar
  essnas analyze runs/search-* --figure claims.png
  essnas analyze DARTS_V2 PC_DARTS_cifar --latency --batch 64
  essnas analyze runs/search-* --random 10000 --json`,
		Args: arguments(1, math.MaxInt, "which cells? Name runs of searches or genotypes, as in essnas analyze DARTS_V2 PC_DARTS_cifar"),
		RunE: func(c *cobra.Command, names []string) error {
			if random < 1 {
				return fmt.Errorf("--random is %d: want 1 cell or more", random)
			}
			bands := map[int]analysis.Band{} // by states
			var all []analyzed
			var searches []claims.Search
			for _, name := range names {
				g, err := pipeline.LoadGenotype(name)
				if err != nil {
					return err
				}
				states := g.States()
				if bands[states] == nil {
					bands[states] = analysis.Random(cell.Space{Operations: cell.Primitives, States: states}, random, seed)
				}
				a, err := analyzeOne(name, g, bands[states], s)
				if err != nil {
					return err
				}
				if a.Weighted, err = weighted(name); err != nil {
					return err
				}
				search, err := searchOf(name, g)
				if err != nil {
					return err
				}
				if search != nil {
					searches = append(searches, *search)
				}
				all = append(all, a)
			}
			if latency {
				if err := p.latencies(c.Context(), all, s, batch); err != nil {
					return err
				}
			}
			findings := claims.Check(searches, random, seed)
			if picture != "" {
				if err := drawClaims(picture, findings); err != nil {
					return err
				}
			}
			return p.print(c, claimed{all, findings}, func(w io.Writer) error {
				if err := writeAnalyzed(w, all, bands, random); err != nil {
					return err
				}
				if len(searches) < 2 {
					return nil
				}
				return writeClaims(w, findings, len(searches))
			})
		},
	}
	flags := c.Flags()
	flags.IntVar(&random, "random", 10000, "random cells to compare with")
	flags.Uint64Var(&seed, "seed", 1, "seed of the random cells")
	flags.BoolVar(&latency, "latency", false, "measure the time of each network for a batch on this device")
	flags.IntVar(&batch, "batch", 64, "images in a batch for --latency")
	flags.StringVar(&picture, "figure", "", "`FILE` (.png or .svg) for the figure of the claims")
	flags.IntVar(&s.Cells, "cells", s.Cells, "cells of the network")
	flags.IntVar(&s.Channels, "channels", s.Channels, "channels of a state in the first cells of the network")
	flags.IntVar(&s.ImageSide, "image-side", s.ImageSide, "side of an image, in pixels; the MACs depend on it")
	return c
}

// claimed is the answer of analyze: cells, and the verdicts of their searches on the claims.
type claimed struct {
	Cells  []analyzed       `json:"cells"`
	Claims []claims.Finding `json:"claims"`
}

// latencyTurns is the number of measurements of each network.
const latencyTurns = 10

// latencies measures the time of each network for a batch. It returns an error if a network can't
// run.
func (p *program) latencies(ctx context.Context, all []analyzed, s pipeline.Shape, batch int) error {
	if batch < 1 {
		return fmt.Errorf("--batch is %d: want 1 image or more", batch)
	}
	var nets []*network.Network
	for _, a := range all {
		nets = append(nets, network.New(a.genotype, s.Cells, s.Channels, s.Classes, s.ImageChannels, s.ImageSide, batch, false))
	}
	times, err := p.pipeline().Latencies(ctx, nets, latencyTurns)
	if err != nil {
		return err
	}
	for i := range all {
		slices.Sort(times[i])
		n := len(times[i])
		all[i].Latency = &latency{Batch: batch, Median: (times[i][(n-1)/2] + times[i][n/2]) / 2, Least: times[i][0], Most: times[i][n-1]}
	}
	return nil
}

// latency is the time of a network for a batch, in seconds.
type latency struct {
	Batch  int     `json:"batch"`
	Median float64 `json:"median"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
}

func analyzeOne(name string, g cell.Genotype, band analysis.Band, s pipeline.Shape) (analyzed, error) {
	size, err := pipeline.NetworkSize(name, g, s, false)
	if err != nil {
		return analyzed{}, err
	}
	a := analyzed{
		Name: name, genotype: g, Normal: analysis.Of(g.Normal, g.NormalConcat, 1), Reduction: analysis.Of(g.Reduce, g.ReduceConcat, 2),
		Percentiles: map[string]float64{}, Field: analysis.Field(g, s.Cells), Weights: size.Weights, MACs: size.MACs,
	}
	for _, measure := range analysis.Names() {
		a.Percentiles[measure] = band.Percentile(measure, a.Normal.Value(measure))
	}
	return a, nil
}

// weighted returns the depths of the normal and the reduction cell by the last alphas of the run of
// a search, and nil for other names. It returns an error if the run can't be read.
func weighted(name string) (*[2]float64, error) {
	if _, err := os.Stat(filepath.Join(name, "config.json")); err != nil {
		return nil, nil // a published cell or a file
	}
	r, err := run.Open(name)
	if err != nil {
		return nil, err
	}
	events, err := r.Events()
	if err != nil {
		return nil, err
	}
	h := report.HistoryOf(events)
	last := len(h.At) - 1
	if last < 0 { // the run is no search
		return nil, nil
	}
	var depths [2]float64
	for t := range depths {
		depths[t] = analysis.WeightedDepth(h.Operations, h.Alphas[t][last], h.Betas[t][last])
	}
	return &depths, nil
}

// writeAnalyzed writes a line for each cell and for each quantile of random cells, then a line for
// each network.
func writeAnalyzed(w io.Writer, all []analyzed, bands map[int]analysis.Band, random int) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tcell\tskips\tno weights\tdepth\tmean path\twidth\tfield\tdilated\tsep, pool")
	line := func(name, kind string, text func(measure string) string) {
		fmt.Fprintf(t, "%s\t%s", name, kind)
		for _, measure := range analysis.Names() {
			fmt.Fprintf(t, "\t%s", text(measure))
		}
		fmt.Fprintln(t)
	}
	for _, a := range all {
		line(a.Name, "normal", func(m string) string { return fmt.Sprintf("%.3g", a.Normal.Value(m)) })
		line("", "percentile", func(m string) string { return fmt.Sprintf("%.0f %%", a.Percentiles[m]) })
		line("", "reduction", func(m string) string { return fmt.Sprintf("%.3g", a.Reduction.Value(m)) })
	}
	var counts []int
	for states := range bands {
		counts = append(counts, states)
	}
	slices.Sort(counts)
	for _, states := range counts {
		name := fmt.Sprintf("%s random, %d states", humanize.Comma(int64(random)), states)
		for i, p := range []float64{0.05, 0.5, 0.95} {
			line(name, []string{"5 %", "median", "95 %"}[i], func(m string) string { return fmt.Sprintf("%.3g", bands[states].Quantile(m, p)) })
			name = ""
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	timed := slices.ContainsFunc(all, func(a analyzed) bool { return a.Latency != nil })
	header := "network\tweights\tMACs\tfield, pixels\tdepth by alphas"
	if timed {
		header += fmt.Sprintf("\tms for %d images", all[0].Latency.Batch)
	}
	fmt.Fprintln(t, header)
	for _, a := range all {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t", a.Name, humanize.Comma(int64(a.Weights)), humanize.Comma(int64(a.MACs)), a.Field)
		if a.Weighted != nil {
			fmt.Fprintf(t, "%.3g normal, %.3g reduction", a.Weighted[0], a.Weighted[1])
		}
		if timed {
			fmt.Fprintf(t, "\t%.1f (%.1f to %.1f)", 1e3*a.Latency.Median, 1e3*a.Latency.Least, 1e3*a.Latency.Most)
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}
