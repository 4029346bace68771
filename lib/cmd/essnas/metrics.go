package main

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/run"
	"github.com/spf13/cobra"
)

// metrics is the command that prints the metrics of a run's epochs.
func (p *program) metrics() *cobra.Command {
	var asCSV bool
	var out, tensorboard string
	c := &cobra.Command{
		Use:   "metrics RUN",
		Short: "Print the metrics of a run's epochs",
		Long: `Print the metrics of each epoch from events.jsonl in a run's directory: --csv prints CSV with a row for each epoch.

Columns are epoch (from 1), steps, seconds (since the run began), best (1 if the validation loss was the lowest so far), and the run's metrics in the order
of their names. A cell is empty if the epoch lacks the metric or the metric is no finite number.

--tensorboard writes an event file of TensorBoard with a scalar for each metric. The file lies in a folder of DIR with the run's name, so that DIR can have
several runs. tensorboard --logdir DIR shows them. Values are rounded to float32, and the step is the epoch.

A line of events.jsonl is a JSON object with kind (step, epoch or note), epoch and step (from 0; for an epoch its number of steps), seconds, metrics, best,
text (for a note), and details (for an epoch of a search: alphas as softmax [edge][operation], betas [edge], genotype).`,
		Example: `  essnas metrics runs/train-cifar10-5e6f7a8b --csv > train.csv
  essnas metrics runs/train-cifar10-5e6f7a8b --csv --out train.csv
  essnas metrics runs/train-cifar10-5e6f7a8b --tensorboard curves
  essnas metrics runs/search-cifar10-1a2b3c4d --json`,
		RunE: func(c *cobra.Command, dirs []string) error {
			if len(dirs) != 1 {
				return fmt.Errorf("which run? Give one directory, as in essnas metrics runs/train-cifar10-5e6f7a8b --csv")
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
			if tensorboard != "" {
				if tensorboard, err = writeTensorBoard(tensorboard, r, epochs); err != nil {
					return err
				}
			}
			return p.print(c, epochs, func(w io.Writer) error {
				if tensorboard != "" {
					if _, err := fmt.Fprintf(w, "%d epochs in %s\n", len(epochs), tensorboard); err != nil {
						return err
					}
				}
				switch {
				case out != "":
					_, err := fmt.Fprintf(w, "%d epochs in %s\n", len(epochs), out)
					return err
				case asCSV:
					return run.WriteCSV(w, epochs)
				case tensorboard != "":
					return nil
				}
				return fmt.Errorf("in which form? Give --csv, --json or --tensorboard")
			})
		},
	}
	c.Flags().BoolVar(&asCSV, "csv", false, "print CSV, a row for each epoch")
	c.Flags().StringVar(&out, "out", "", "CSV `FILE` to write; default: print")
	c.Flags().StringVar(&tensorboard, "tensorboard", "", "`DIR` in which TensorBoard finds the run")
	c.MarkFlagDirname("tensorboard")
	return c
}

// writeTensorBoard writes the event file of a run below dir and returns its path. It replaces an
// earlier file of the same run.
func writeTensorBoard(dir string, r *run.Run, epochs []run.Epoch) (file string, err error) {
	began, err := time.Parse(time.RFC3339, r.Config.Started)
	if err != nil {
		return "", fmt.Errorf("%s does not say when the run began (%w): repair \"started\" there", r.Path("config.json"), err)
	}
	home, err := filepath.Abs(r.Dir)
	if err != nil {
		return "", err
	}
	file = filepath.Join(dir, filepath.Base(home), fmt.Sprintf("events.out.tfevents.%d.essnas", began.Unix()))
	return file, atomicfile.Write(file, func(w io.Writer) error { return run.WriteTensorBoard(w, float64(began.Unix()), epochs) })
}
