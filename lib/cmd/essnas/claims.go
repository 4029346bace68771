package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/essnas/essnas/lib/analysis/claims"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
)

// searchOf returns the facts about a search that claims need, or nil for other names. It returns an
// error if the run can't be read.
func searchOf(name string, g cell.Genotype) (*claims.Search, error) {
	dir := name
	if d, _, ok := run.AtEpoch(name); ok {
		dir = d
	}
	if _, err := os.Stat(filepath.Join(dir, "config.json")); err != nil {
		return nil, nil // a published cell or a file
	}
	r, err := run.Open(dir)
	if err != nil {
		return nil, err
	}
	if r.Config.Stage != "search" {
		return nil, nil
	}
	var s settings.Search
	if err := json.Unmarshal(r.Config.Settings, &s); err != nil {
		return nil, fmt.Errorf("the settings of %s can't be read: %w", r.Dir, err)
	}
	phases, err := s.PhaseList()
	if err != nil {
		return nil, err
	}
	return &claims.Search{Name: name, Genotype: g, Partial: s.Partial, Progressive: len(phases) > 1, SSFactor: s.SSFactor}, nil
}

// writeClaims prints a table with a verdict for each claim.
func writeClaims(w io.Writer, findings []claims.Finding, searches int) error {
	fmt.Fprintf(w, "\nThe slides' claims, tested on these %d searches (both cells; 95 %% intervals; without correction for several claims, so one may be decided by chance)\n\n", searches)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "claim\tsearches\tmeans\tdifference\tholds in pairs\trank, %\trandom 5-50-95 %\tverdict")
	for _, f := range findings {
		than := fmt.Sprint(len(f.Than.Values))
		if f.Than.Ranks == nil && f.Than.Percentile > 0 {
			than = "random"
		}
		fmt.Fprintf(t, "%s\t%d, %s\t", f.Claim, len(f.Of.Values), than)
		if f.Verdict == claims.Untested {
			fmt.Fprintf(t, "\t\t\t\t%g-%g-%g\t%s\n", f.Random[0], f.Random[1], f.Random[2], f.Verdict)
			continue
		}
		interval := "no interval"
		if f.Low != f.High {
			interval = fmt.Sprintf("%.2f to %.2f", f.Low, f.High)
		}
		fmt.Fprintf(t, "%.2f, %.2f\t%+.2f (%s)\t%g of %d\t%.0f, %.0f\t%g-%g-%g\t%s\n",
			f.Of.Mean, f.Than.Mean, f.Difference, interval, f.Holds, f.Pairs, f.Of.Percentile, f.Than.Percentile, f.Random[0], f.Random[1], f.Random[2], f.Verdict)
	}
	return t.Flush()
}

// drawClaims writes the figure of claims to a file. The ending of its name selects the format. It
// returns an error for other endings.
func drawClaims(file string, findings []claims.Finding) error {
	f := claims.Figure(findings)
	var b bytes.Buffer
	var err error
	switch strings.ToLower(filepath.Ext(file)) {
	case ".png":
		err = f.PNG(&b)
	case ".svg":
		err = f.SVG(&b)
	default:
		err = errors.New("--figure names no format: give a file that ends in .png or .svg")
	}
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(file, b.Bytes())
}
