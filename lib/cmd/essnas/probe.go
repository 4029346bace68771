package main

import (
	"fmt"
	"io"

	"github.com/essnas/essnas/lib/lab"
	"github.com/spf13/cobra"
)

func (p *program) probe() *cobra.Command {
	var s lab.ProbeStage
	d := lab.DefaultCandidates()
	c := &cobra.Command{
		Use:   "probe",
		Short: "Measure what features are worth",
		Long: `Measure what the features of a pretrained or trained network are worth to simple classifiers: a weighted vote of the k nearest training images (cosine,
arXiv:1805.01978), and logistic regression. Beside them stand the network with the weights that it began with, and pixels. Validation images choose among the candidates; the
test set is read once for a run, and asked again, the command shows what was found then.`,
		Example: `  essnas probe --run runs/pretrain-cifar10-1a2b3c4d
  essnas probe --run runs/train-cifar10-5e6f7a8b --k 200 --temperature 0.07 --json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			r, probe, ended, err := p.lab().Probe(c.Context(), s)
			if err != nil {
				return err
			}
			return p.print(c, probe, func(w io.Writer) error {
				if ended {
					fmt.Fprintf(w, "The test set was read on %s, and is not read again.\n\n", probe.Probed)
				}
				fmt.Fprintf(w, "%s\nReport    %s\n", probe, r.Path("report.html"))
				return nil
			})
		},
	}
	runFlag(c, &s.Dir, "`DIR` of the pretraining or training")
	c.Flags().IntSliceVar(&s.K, "k", nil, fmt.Sprintf("numbers of neighbours to choose from (default %v)", d.K))
	c.Flags().Float64SliceVar(&s.Temperature, "temperature", nil, fmt.Sprintf("temperatures of their votes to choose from (default %v)", d.Temperature))
	c.Flags().Float64SliceVar(&s.L2, "l2", nil, fmt.Sprintf("penalties of the linear classifier to choose from (default %v)", d.L2))
	return c
}
