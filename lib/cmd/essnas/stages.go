package main

import (
	"fmt"
	"io"

	"github.com/essnas/essnas/lib/settings"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/lab"
	"github.com/essnas/essnas/lib/study"
	"github.com/spf13/cobra"
)

// summary is what search and train print with --json.
type summary struct {
	Run      string        `json:"run"`
	Ended    bool          `json:"already_ended"` // by an earlier command
	Genotype cell.Genotype `json:"genotype"`
	Result   *lab.Result   `json:"result"`
	Report   string        `json:"report"`
	Warnings []string      `json:"warnings,omitempty"` // of a search: that it has collapsed
}

func summarize(r *lab.Run, ended bool) (s summary, err error) {
	s = summary{Run: r.Dir, Ended: ended, Report: r.Path("report.html")}
	if s.Genotype, err = r.Genotype(); err != nil {
		return
	}
	if text := lab.Collapsed(s.Genotype); text != "" && r.Config.Stage == lab.StageSearch {
		s.Warnings = append(s.Warnings, text)
	}
	s.Result, err = r.Result()
	return
}

func (s summary) head(w io.Writer, r *lab.Run) {
	if s.Ended {
		fmt.Fprintf(w, "This run has ended already (%s); this is what it came to. Another seed makes another run: --seed N\n\n", s.Result.Ended)
	}
	if r.Config.Data.Sample {
		fmt.Fprintf(w, "On %s: good to try things out, and nothing else.\n\n", r.Config.Data.Title)
	}
}

func (p *program) search() *cobra.Command {
	s := lab.SearchStage{Choice: settings.SearchChoice()}
	var stage int
	c := &cobra.Command{
		Use:   "search",
		Short: "Search a cell",
		Long: `Search a cell: a supernet that mixes all operations on every edge is trained on one half of the images, the weights of the mixture (alphas, betas)
on the other half (arXiv:1806.09055; with 1/K of the channels arXiv:1907.05737). What is left of the mixture at the end is the cell's genotype.

Ctrl-C saves. The same command, or essnas search --run DIR, goes on.`,
		Example: `  essnas search                                             quick, on the built-in sample of Fashion-MNIST
  essnas search --dataset cifar10 --data ~/data --preset slides
  essnas search --preset slides --method p-darts --batch 32
  essnas search --stage 4 --ss-factor 0.25                  PCP-DARTS with a quarter of the Barlow Twins loss
  essnas search --settings my.json --seed 2`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if c.Flags().Changed("stage") {
				if err := settings.SlidesStage(stage).Choose(s.Choice); err != nil {
					return err
				}
			}
			r, ended, err := p.lab().Search(c.Context(), s)
			if err != nil {
				return err
			}
			sum, err := summarize(r, ended)
			if err != nil {
				return err
			}
			return p.print(c, sum, func(w io.Writer) error {
				sum.head(w, r)
				for _, text := range sum.Warnings {
					fmt.Fprintf(w, "Warning: %s\n\n", text)
				}
				fmt.Fprintf(w, "%s\n\nGenotype  %s, genotype.py\nReport    %s\nNext      essnas train --genotype %s\n", sum.Genotype.Python(), r.Path("genotype.json"), sum.Report, r.Dir)
				return nil
			})
		},
	}
	datasetFlag(c, &s.Dataset)
	runFlag(c, &s.Dir, "run directory, to go on with or to make; default one in --runs, named by data and settings")
	c.Flags().IntVar(&stage, "stage", 0, "`1..4` of the slides: PC-DARTS, the same self-supervised (--ss-factor, default 0.5), PCP-DARTS, the same self-supervised")
	addSettings(c, s.Choice)
	c.RegisterFlagCompletionFunc("method", cobra.FixedCompletions(s.Choice.MethodNames(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

func addSettings[S settings.Settings](c *cobra.Command, choice *settings.Choice[S]) {
	c.Flags().SortFlags = false
	choice.AddFlags(c.Flags())
	c.RegisterFlagCompletionFunc("preset", cobra.FixedCompletions(choice.PresetNames(), cobra.ShellCompDirectiveNoFileComp))
}

func (p *program) train() *cobra.Command {
	s := lab.TrainStage{Choice: settings.TrainChoice()}
	c := &cobra.Command{
		Use:   "train",
		Short: "Train the network of a cell",
		Long: `Train the network that is built from a cell. A fifth of the training images, at most 10,000, is held back; the weights with the lowest loss on these are
the ones that essnas test and predict use. The test images are not touched. With --from the weights begin as a pretraining's, and cells and channels are its own.

Ctrl-C saves. The same command, or essnas train --run DIR, goes on.`,
		Example: `  essnas train --genotype runs/search-fashion-mnist-1a2b3c4d
  essnas train --genotype DARTS_V2 --dataset cifar10 --preset slides --epochs 50
  essnas train --genotype my-cell.json --cells 8 --channels 16
  essnas train --from runs/pretrain-cifar10-1a2b3c4d --labels 0.1`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			r, ended, err := p.lab().Train(c.Context(), s)
			if err != nil {
				return err
			}
			sum, err := summarize(r, ended)
			if err != nil {
				return err
			}
			return p.print(c, sum, func(w io.Writer) error {
				sum.head(w, r)
				fmt.Fprintf(w, "Best epoch %d of %d: validation loss %.3f, accuracy %.1f %%\n\nReport    %s\nNext      essnas test --run %s\n",
					sum.Result.BestEpoch, sum.Result.Epochs, sum.Result.Best["val_loss"], 100*sum.Result.Best["val_accuracy"], sum.Report, r.Dir)
				return nil
			})
		},
	}
	genotypeFlag(c, &s.Genotype)
	c.Flags().StringVar(&s.From, "from", "", "`DIR` of a pretraining whose cells, channels and weights the network begins with; the classifier begins anew")
	c.MarkFlagDirname("from")
	datasetFlag(c, &s.Dataset)
	runFlag(c, &s.Dir, "run directory, to go on with or to make; default one in --runs, named by data, cell and settings")
	addSettings(c, s.Choice)
	return c
}

func (p *program) test() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "test",
		Short: "Test a trained network",
		Long: `Test a trained network on the test images: top-1, top-5, precision, recall, F1 and accuracy of each class, confusion, loss. The test set is read once for a run;
asked again, the command shows what was found then.`,
		Example: "  essnas test --run runs/train-cifar10-5e6f7a8b",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			r, t, ended, err := p.lab().Test(c.Context(), dir)
			if err != nil {
				return err
			}
			return p.print(c, t, func(w io.Writer) error {
				if ended {
					fmt.Fprintf(w, "The test set was read on %s, and is not read again.\n\n", t.Tested)
				}
				return showTest(w, r, t)
			})
		},
	}
	runFlag(c, &dir, "`DIR` of the training")
	return c
}

func showTest(w io.Writer, r *lab.Run, t *lab.Test) error {
	fmt.Fprintf(w, "%s, weights of epoch %d\n\n%s\nReport    %s\n", t.Data, t.Epoch, t.Table, r.Path("report.html"))
	return nil
}

func (p *program) report() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:     "report",
		Short:   "Draw a run's figures and report again",
		Long:    "Draw the figures and write the report of a run or a study again, from what is in its directory: of one that is not at its end, too.",
		Example: "  essnas report --run runs/search-cifar10-1a2b3c4d",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if dir == "" {
				return fmt.Errorf("which run? Give --run with its directory")
			}
			draw := lab.Report
			if s, err := study.Open(dir); err == nil {
				draw = func(string) (string, error) { return s.Report() }
			} else if _, err := lab.OpenRun(dir); err != nil {
				return err
			}
			path, err := draw(dir)
			if err != nil {
				return err
			}
			return p.print(c, map[string]string{"report": path}, func(w io.Writer) error {
				_, err := fmt.Fprintln(w, path)
				return err
			})
		},
	}
	runFlag(c, &dir, "`DIR` of the run")
	return c
}
