package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/essnas/essnas/lib/lab"
	"github.com/spf13/cobra"
)

func (p *program) pictures() *cobra.Command {
	var s lab.PicturesStage
	c := &cobra.Command{
		Use:   "pictures",
		Short: "Draw training images and what augmentation makes of them",
		Long: `Draw training images, and what augmentation makes of them: a row for each image, first as it is, then as a training sees it (random crop and flip, and a square cut
out), or with --views as the pairs of distorted views that the Barlow Twins loss compares.`,
		Example: `  essnas pictures --dataset cifar10 --index 0,1,2 --cutout 16 --copies 5 --out training.png
  essnas pictures --index 0,1,2 --views default --out views.png
  essnas pictures --index 0 --views 'distort 1 rotate 30' --out turned.png`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if s.Out == "" {
				return errors.New("where to? Give --out with the name of a PNG file")
			}
			captions, err := p.lab().Pictures(c.Context(), s)
			if err != nil {
				return err
			}
			return p.print(c, map[string]any{"captions": captions, "picture": s.Out}, func(w io.Writer) error {
				for _, row := range captions {
					fmt.Fprintln(w, strings.Join(row, ", "))
				}
				_, err := fmt.Fprintf(w, "\nPicture   %s\n", s.Out)
				return err
			})
		},
	}
	datasetFlag(c, &s.Dataset)
	c.Flags().IntSliceVar(&s.Index, "index", nil, "`NUMBERS` of training images, from 0")
	c.Flags().IntVar(&s.Copies, "copies", 2, "how often each is drawn anew; of views, pairs")
	c.Flags().StringVar(&s.Views, "views", "", "the two views of the Barlow Twins loss instead: 'default', or steps as essnas search --views has them")
	c.Flags().IntVar(&s.Cutout, "cutout", 0, "side of the square that is cut out, in pixels, an even number; 0: none")
	c.Flags().Uint64Var(&s.Seed, "seed", 1, "decides what happens to the images")
	c.Flags().StringVar(&s.Out, "out", "", "PNG `FILE` to draw")
	return c
}
