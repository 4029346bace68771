package main

import (
	"fmt"
	"io"

	"github.com/essnas/essnas/lib/settings"

	"github.com/essnas/essnas/lib/lab"
	"github.com/spf13/cobra"
)

func (p *program) pretrain() *cobra.Command {
	s := lab.PretrainStage{Choice: settings.PretrainChoice()}
	c := &cobra.Command{
		Use:   "pretrain",
		Short: "Train the features of a cell's network without labels",
		Long: `Train the features of the network that is built from a cell without labels, by Barlow Twins (arXiv:2103.03230): two distorted views of each image are to get the
same features, and each feature is to tell something else. A fifth of the training images, at most 10,000, is held back. Every few epochs it is measured how many of them
their nearest training images classify right, beside the same with pixels and with the untrained network.

Ctrl-C saves. The same command, or essnas pretrain --run DIR, goes on.`,
		Example: `  essnas pretrain --genotype PC_DARTS_cifar --dataset cifar10
  essnas pretrain --genotype runs/search-cifar10-1a2b3c4d --preset slides
  essnas pretrain --genotype DARTS_V2 --projector 512,512,512 --optimizer lars --lr 0.2
  essnas pretrain --genotype DARTS_V2 --views 'crop 1 pixels 4, flip 0.5, jitter 0.8'`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			r, ended, err := p.lab().Pretrain(c.Context(), s)
			if err != nil {
				return err
			}
			sum, err := summarize(r, ended)
			if err != nil {
				return err
			}
			return p.print(c, sum, func(w io.Writer) error {
				sum.head(w, r)
				m := sum.Result.Metrics
				fmt.Fprintf(w, "Barlow Twins loss %.3f after %d epochs; %.1f %% of the held-back images have the class of their neighbours\n\nReport    %s\nNext      essnas probe --run %s\n",
					m["train_loss"], sum.Result.Epochs, 100*m["knn_accuracy"], sum.Report, r.Dir)
				return nil
			})
		},
	}
	genotypeFlag(c, &s.Genotype)
	datasetFlag(c, &s.Dataset)
	runFlag(c, &s.Dir, "run directory, to go on with or to make; default one in --runs, named by data, cell and settings")
	addSettings(c, s.Choice)
	return c
}
