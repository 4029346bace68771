package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/stage"
	"github.com/spf13/cobra"
)

func (p *program) states() *cobra.Command {
	var dirs []string
	var out string
	c := &cobra.Command{
		Use:   "states",
		Short: "Collect the results of searches for a notebook's slider",
		Long: `Collect the results of searches in one small file: settings, metrics of the epochs, alphas and drawn cells. A notebook's slider shows them without any
computation.`,
		Example: "  essnas states --out states.json --run runs/search-fashion-mnist-1a2b3c4d --run runs/search-fashion-mnist-5e6f7a8b",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			states := []run.State{}
			for _, dir := range dirs {
				r, err := run.Open(dir)
				if err != nil {
					return err
				}
				s, err := stage.StateOf(r)
				if err != nil {
					return err
				}
				states = append(states, s)
			}
			if out != "" {
				text, err := json.Marshal(states)
				if err != nil {
					return err
				}
				if err := atomicfile.WriteBytes(out, append(text, '\n')); err != nil {
					return err
				}
			}
			return p.print(c, states, func(w io.Writer) error {
				if out == "" {
					return json.NewEncoder(w).Encode(states)
				}
				_, err := fmt.Fprintf(w, "%d searches in %s\n", len(states), out)
				return err
			})
		},
	}
	c.Flags().StringArrayVar(&dirs, "run", nil, "`DIR` of a finished search; can be repeated")
	c.MarkFlagRequired("run")
	c.Flags().StringVar(&out, "out", "", "`FILE` to write; default: print")
	return c
}
