package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"
	"github.com/essnas/essnas/lib/pipeline"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/stage"
	"github.com/spf13/cobra"
)

func (p *program) params() *cobra.Command {
	var genotype, supernet string
	var auxiliary bool
	s := pipeline.Shape{Classes: 10, ImageChannels: 3, ImageSide: 32}
	c := &cobra.Command{
		Use:   "params",
		Short: "Count the weights of a network",
		Long: `Count the weights and the multiply-accumulates (MACs, for one image) of the network of a cell, or of a search network, from shapes alone. The count includes the weights
of norms, and excludes running statistics, alphas and betas.`,
		Example: `  essnas params --genotype DARTS_V2 --auxiliary
  essnas params --genotype runs/search-cifar10-1a2b3c4d --channels 16 --cells 8 --json
  essnas params --genotype PC_DARTS_image --stem imagenet --cells 14 --channels 48 --classes 1000 --image-side 224
  essnas params --supernet pc-darts`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			size, err := count(c, genotype, supernet, auxiliary, s)
			if err != nil {
				return err
			}
			return p.print(c, size, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%s, %d cells, %d channels, %d classes: %s weights, %s MACs\n",
					size.Network, size.Cells, size.Channels, size.Classes, humanize.Comma(int64(size.Weights)), humanize.Comma(int64(size.MACs)))
				return err
			})
		},
	}
	flags := c.Flags()
	stage.GenotypeFlag(flags, &genotype)
	completions(c)
	flags.StringVar(&supernet, "supernet", "", "count a search network: pc-darts (K=4), p-darts or darts (K=1)")
	flags.IntVar(&s.Channels, "channels", 0, "channels of a state in the first cells (default 36; for a search network 16)")
	flags.IntVar(&s.Cells, "cells", 0, "cells of the network (default 20; for a search network 8)")
	flags.IntVar(&s.Classes, "classes", s.Classes, "classes")
	flags.IntVar(&s.ImageChannels, "image-channels", s.ImageChannels, "channels of an image")
	flags.IntVar(&s.ImageSide, "image-side", s.ImageSide, "side of an image, in pixels; the MACs depend on it")
	flags.StringVar(&s.Stem, "stem", "", "layers before the first cell: cifar (default), one 3x3 convolution, or imagenet, three of stride 2")
	c.RegisterFlagCompletionFunc("stem", cobra.FixedCompletions(settings.Stems(), cobra.ShellCompDirectiveNoFileComp))
	flags.BoolVar(&auxiliary, "auxiliary", false, "include the auxiliary tower of trainings")
	return c
}

func count(c *cobra.Command, genotype, supernet string, auxiliary bool, s pipeline.Shape) (pipeline.Size, error) {
	if (genotype == "") == (supernet == "") {
		return pipeline.Size{}, errors.New("which network? Give either --genotype or --supernet")
	}
	cells, channels := 20, 36
	if supernet != "" {
		cells, channels = 8, 16
		if auxiliary {
			return pipeline.Size{}, errors.New("a search network has no auxiliary tower: leave --auxiliary out")
		}
	}
	if !c.Flags().Changed("cells") {
		s.Cells = cells
	}
	if !c.Flags().Changed("channels") {
		s.Channels = channels
	}
	if supernet != "" {
		if s.Stem == settings.Stems()[1] {
			return pipeline.Size{}, errors.New("a search network has the stem cifar: leave --stem out")
		}
		return pipeline.SupernetSize(supernet, s)
	}
	g, err := pipeline.LoadGenotype(genotype)
	if err != nil {
		return pipeline.Size{}, err
	}
	return pipeline.NetworkSize(genotype, g, s, auxiliary)
}
