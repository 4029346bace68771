package main

import (
	"fmt"
	"io"

	"github.com/essnas/essnas/lib/settings"

	"github.com/essnas/essnas/lib/lab"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (p *program) finetune() *cobra.Command {
	s := lab.FinetuneStage{Choice: settings.TrainChoice()}
	c := &cobra.Command{
		Use:   "finetune",
		Short: "Measure what a pretraining is worth where labels are few",
		Long: `Train a pretrained network with shares of the labels, and the same network from scratch, with the same settings and seeds, test each of them once, and compare. Fine-tuning
trains all weights; the classifier begins anew. An epoch has as many steps with few labels as with all.

Each training is a run of its own in --runs, as of essnas train --from DIR --labels SHARE; the table and its figure go into the pretraining's report. Ctrl-C saves. The same
command goes on; with more seeds or shares it adds to what there is.`,
		Example: `  essnas finetune --run runs/pretrain-cifar10-1a2b3c4d
  essnas finetune --run runs/pretrain-cifar10-1a2b3c4d --labels 0.05,0.5 --seeds 5 --preset slides --epochs 50`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if c.Flags().Changed("seeds") && s.Seeds < 1 {
				return fmt.Errorf("--seeds is %d: want 1 or more", s.Seeds)
			}
			r, f, err := p.lab().Finetune(c.Context(), s)
			if err != nil {
				return err
			}
			return p.print(c, f, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%s\nReport    %s\n", f, r.Path("report.html"))
				return err
			})
		},
	}
	flags := c.Flags()
	flags.SortFlags = false
	runFlag(c, &s.Dir, "`DIR` of the pretraining")
	flags.Float64SliceVar(&s.Labels, "labels", lab.DefaultShares(), "shares of the training images whose labels are used, with commas between them")
	flags.IntVar(&s.Seeds, "seeds", 1, "seeds 1 to `N`")
	settings := pflag.NewFlagSet("", pflag.ContinueOnError)
	settings.SortFlags = false
	s.Choice.AddFlags(settings)
	settings.VisitAll(func(f *pflag.Flag) {
		switch f.Name {
		case "labels", "seed", "cells", "channels": // what is compared, and what the pretraining has chosen
		default:
			flags.AddFlag(f)
		}
	})
	c.RegisterFlagCompletionFunc("preset", cobra.FixedCompletions(s.Choice.PresetNames(), cobra.ShellCompDirectiveNoFileComp))
	return c
}
