package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/essnas/essnas/lib/lab"
	"github.com/spf13/cobra"
)

func (p *program) predict() *cobra.Command {
	var s lab.PredictStage
	c := &cobra.Command{
		Use:   "predict [FILE...]",
		Short: "Classify pictures with a trained network",
		Long: `Classify PNG or JPEG pictures, or images of the test set by their numbers, with the best weights of a training. The middle square of a picture is scaled to the size
of the data set's images.`,
		Example: `  essnas predict --run runs/train-cifar10-5e6f7a8b cat.jpg dog.png
  essnas predict --run runs/train-cifar10-5e6f7a8b --index 0,1,2 --out three.png`,
		RunE: func(c *cobra.Command, files []string) error {
			s.Files = files
			if s.Top < 1 {
				return fmt.Errorf("--top is %d: want 1 or more classes", s.Top)
			}
			predictions, picture, err := p.lab().Predict(c.Context(), s)
			if err != nil {
				return err
			}
			value := map[string]any{"predictions": predictions, "picture": picture}
			return p.print(c, value, func(w io.Writer) error {
				table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
				for _, q := range predictions {
					var row []string
					for _, g := range q.Top {
						row = append(row, fmt.Sprintf("%s %.1f %%", g.Class, 100*g.Probability))
					}
					truth := ""
					if q.True != "" {
						truth = "(is " + q.True + ")"
					}
					fmt.Fprintf(table, "%s\t%s\t%s\n", q.Picture, strings.Join(row, "\t"), truth)
				}
				if err := table.Flush(); err != nil {
					return err
				}
				fmt.Fprintf(w, "\nPicture   %s\n", picture)
				return nil
			})
		},
	}
	runFlag(c, &s.Dir, "`DIR` of the training")
	c.Flags().IntSliceVar(&s.Index, "index", nil, "`NUMBERS` of test images, from 0")
	c.Flags().IntVar(&s.Top, "top", 3, "classes to show for each picture")
	c.Flags().StringVar(&s.Out, "out", "", "PNG `FILE` to draw; default figures/predict.png in the run")
	return c
}
