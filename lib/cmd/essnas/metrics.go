package main

import (
	"fmt"
	"io"

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/run"
	"github.com/spf13/cobra"
)

// metrics is the command that prints the metrics of a run's epochs.
func (p *program) metrics() *cobra.Command {
	var asCSV bool
	var out string
	c := &cobra.Command{
		Use:   "metrics RUN",
		Short: "Print the metrics of a run's epochs",
		Long: `Print the metrics of each epoch from events.jsonl in a run's directory: --csv prints CSV with a row for each epoch.

Columns are epoch (from 1), steps, seconds (since the run began), best (1 where the validation loss was the lowest so far), and the run's metrics by their
names. A cell is empty where an epoch has no such metric, or no finite number.

events.jsonl itself has a JSON object a line: kind (step, epoch or note), epoch and step (from 0; of an epoch its number of steps), seconds, metrics, best,
text (of a note), and details (of an epoch of a search: alphas as softmax [edge][operation], betas [edge], genotype).`,
		Example: `  essnas metrics runs/train-cifar10-5e6f7a8b --csv > train.csv
  essnas metrics runs/train-cifar10-5e6f7a8b --csv --out train.csv
  essnas metrics runs/search-cifar10-1a2b3c4d --json`,
		RunE: func(c *cobra.Command, dirs []string) error {
			if len(dirs) != 1 {
				return fmt.Errorf("the metrics of which run? Give one directory, as in essnas metrics runs/train-cifar10-5e6f7a8b --csv")
			}
			r, err := run.Open(dirs[0])
			if err != nil {
				return err
			}
			epochs, err := r.Epochs()
			if err != nil {
				return err
			}
			if out != "" {
				if err := atomicfile.Write(out, func(w io.Writer) error { return run.WriteCSV(w, epochs) }); err != nil {
					return err
				}
			}
			return p.print(c, epochs, func(w io.Writer) error {
				switch {
				case out != "":
					_, err := fmt.Fprintf(w, "%d epochs in %s\n", len(epochs), out)
					return err
				case asCSV:
					return run.WriteCSV(w, epochs)
				}
				return fmt.Errorf("in which form? Give --csv or --json")
			})
		},
	}
	c.Flags().BoolVar(&asCSV, "csv", false, "as CSV, a row for each epoch")
	c.Flags().StringVar(&out, "out", "", "CSV `FILE` to write; default: print")
	return c
}
