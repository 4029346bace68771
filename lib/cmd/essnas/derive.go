package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/spf13/cobra"
)

// derived is a cell that essnas derive prints.
type derived struct {
	Run       string        `json:"run"`
	Epoch     int           `json:"epoch"`      // counted from 1
	SkipLimit *int          `json:"skip_limit"` // nil: none
	Skips     int           `json:"skips"`      // skip connections in the normal cell
	Genotype  cell.Genotype `json:"genotype"`
}

// derive is the command that derives a cell from an epoch of a search.
func (p *program) derive() *cobra.Command {
	var dir, limit, out string
	var epoch int
	c := &cobra.Command{
		Use:   "derive",
		Short: "Derive the cell of any epoch of a search",
		Long: `Derive the cell of an epoch of a search from the record in its directory, with any limit of skip connections in the normal cell, and without a new search.

--skip-limit 0 allows skip connections only on edges without other operations; none allows any number. The default is the limit of the search. In every
command that takes a genotype, --genotype RUN@EPOCH names the cell of an epoch with the limit of the search.`,
		Example: `  essnas derive --run runs/search-cifar10-1a2b3c4d
  essnas derive --run runs/search-cifar10-1a2b3c4d --epoch 20 --skip-limit 2
  essnas derive --run runs/search-cifar10-1a2b3c4d --skip-limit none --out cell.py
  essnas train --genotype runs/search-cifar10-1a2b3c4d@20`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if dir == "" {
				return fmt.Errorf("which search? Give --run with its directory")
			}
			if epoch < 0 {
				return fmt.Errorf("--epoch is %d: give 1 or more, or leave it out for the last one", epoch)
			}
			r, err := run.Open(dir)
			if err != nil {
				return err
			}
			d, err := deriveFrom(r, epoch, limit)
			if err != nil {
				return err
			}
			if out != "" {
				if err := atomicfile.WriteBytes(out, []byte(d.Genotype.Python()+"\n")); err != nil {
					return err
				}
			}
			return p.print(c, d, func(w io.Writer) error {
				text := "no limit"
				if d.SkipLimit != nil {
					text = fmt.Sprintf("limit %d", *d.SkipLimit)
				}
				fmt.Fprintf(w, "%s\n\nEpoch     %d\nSkips     %d in the normal cell (%s)\n", d.Genotype.Python(), d.Epoch, d.Skips, text)
				if d.SkipLimit != nil && d.Skips > *d.SkipLimit {
					fmt.Fprintf(w, "\nWarning: %d edges have lost their other operations and keep their skip connections\n", d.Skips)
				}
				if out != "" {
					fmt.Fprintf(w, "File      %s\n", out)
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&dir, "run", "", "`DIR` of a search")
	c.MarkFlagDirname("run")
	c.Flags().IntVar(&epoch, "epoch", 0, "epoch, counted from 1; default the last one")
	c.Flags().StringVar(&limit, "skip-limit", "", "largest number of skip connections in the normal cell, or none; default the limit of the search")
	c.Flags().StringVar(&out, "out", "", "`FILE` to write the genotype to, as Python text")
	return c
}

// deriveFrom derives the cell of an epoch. limit is a number, none, or "" for the limit of the
// search. deriveFrom returns an error if the run is no search or has no such epoch, or if the limit
// is invalid.
func deriveFrom(r *run.Run, epoch int, limit string) (d derived, err error) {
	most := cell.NoLimit
	switch limit {
	case "none":
	case "":
		var own settings.Search
		if err := json.Unmarshal(r.Config.Settings, &own); err != nil {
			return d, fmt.Errorf("the settings of %s can't be read: %w", r.Dir, err)
		}
		if own.SkipLimit > 0 {
			most = own.SkipLimit
		}
	default:
		if most, err = strconv.Atoi(limit); err != nil || most < 0 {
			return d, fmt.Errorf("--skip-limit can't be %q: give 0 or more, or none", limit)
		}
	}
	a, at, err := r.ArchitectureAt(epoch)
	if err != nil {
		return d, err
	}
	g := a.Shares().Derive(most)
	d = derived{Run: r.Dir, Epoch: at, Genotype: g, Skips: cell.Skips(g.Normal)}
	if most != cell.NoLimit {
		d.SkipLimit = &most
	}
	return d, nil
}
