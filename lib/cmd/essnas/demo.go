package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/essnas/essnas/lib/pipeline"
	"github.com/spf13/cobra"
)

func (p *program) demo() *cobra.Command {
	var dataset string
	var seed uint64
	c := &cobra.Command{
		Use:   "demo",
		Short: "Search, train, test and report, in less than a minute",
		Long: `Search a cell, train its network, test it and write a report, with settings that take less than a minute on two cores. The images are Fashion-MNIST from --data, or
the built-in sample of it. The result shows the parts of an experiment; its numbers have no meaning.`,
		Example: `  essnas demo
  essnas demo --seed 2
  essnas demo --dataset cifar10 --data ~/data`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			text := ""
			if c.Flags().Changed("seed") {
				text = strconv.FormatUint(seed, 10)
			}
			asked, err := pipeline.NewDemo(dataset, text)
			if err != nil {
				return err
			}
			d, err := p.pipeline().Demo(c.Context(), asked)
			if err != nil {
				return err
			}
			return p.showDemo(c, d)
		},
	}
	datasetFlag(c, &dataset)
	c.Flags().Uint64Var(&seed, "seed", 1, "seed of the runs")
	return c
}

func (p *program) showDemo(c *cobra.Command, d *pipeline.Demo) error {
	g, err := d.Search.Genotype()
	if err != nil {
		return err
	}
	value := map[string]any{"search": d.Search.Dir, "train": d.Train.Dir, "genotype": g, "test": d.Test, "report": d.Report, "already_ended": d.Ended}
	return p.print(c, value, func(w io.Writer) error {
		if d.Ended {
			fmt.Fprint(w, "The demonstration has ended already, and its result follows. Another seed makes other runs: essnas demo --seed 2\n\n")
		}
		fmt.Fprintf(w, "The cell found on %s:\n%s\n\nIts network (%d weights), tested:\n\n%s\n", d.Test.Data, g.Python(), d.Test.Weights, d.Test.Table)
		fmt.Fprintf(w, "Picture   %s\nReports   %s (search)\n          %s (training and test)\n", d.Train.Path("figures", "predictions-right.png"), d.Search.Path("report.html"), d.Report)
		return nil
	})
}
