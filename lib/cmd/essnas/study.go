package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/essnas/essnas/lib/study"
	"github.com/essnas/essnas/lib/study/findings"
	"github.com/spf13/cobra"
)

func (p *program) study() *cobra.Command {
	var o study.Options
	var dry bool
	var cluster clusterFlags
	c := &cobra.Command{
		Use:   "study",
		Short: "Repeat the slides' table with several seeds",
		Long: `Search, train, test and transfer with every configuration of the slides' table, with DARTS, P-DARTS, random search and three controls, each with several
seeds. The report has means with intervals, paired tests, the correlation of search-time and final accuracy, time against accuracy, every found cell, and
verdicts on the slides' claims.

The configurations are ` + configurationNames() + `; stage2 and stage4 stand for four each.
Ctrl-C saves. The same command, or essnas study --run DIR, continues, also after a kill. A larger --seeds, or --only with other names, extends a study.`,
		Example: `  essnas study                                              quick: some minutes on two cores
  essnas study --only stage1,stage3,random --seeds 3
  essnas study --preset slides --data ~/data --dry-run      prints the jobs
  essnas study --run runs/study-cifar10-quick-1a2b3c4d --seeds 5
  essnas study --preset slides --data ~/data --engine slurm --partition gpu --gres gpu:1
  essnas study --run /studies/one --engine kubernetes --image essnas:cuda --claim studies --gres gpu:1 --dry-run`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := cluster.validate(c, "local", "slurm", "kubernetes"); err != nil {
				return err
			}
			if c.Flags().Changed("seeds") && o.Seeds < 1 {
				return fmt.Errorf("--seeds is %d: want 1 or more", o.Seeds)
			}
			if c.Flags().Changed("random-cells") && o.RandomCells < 1 {
				return fmt.Errorf("--random-cells is %d: want 1 or more", o.RandomCells)
			}
			s, err := study.New(p.pipeline(), o)
			if err != nil {
				return err
			}
			if cluster.engine != "local" {
				if o.Devices > 0 {
					return errors.New("--devices is for --engine local: the scheduler of a cluster runs jobs side by side; --array-limit bounds their number, and --gres gives a job its GPUs")
				}
				if err := cluster.fits(s.JobDevices()); err != nil {
					return err
				}
			}
			if cluster.engine == "kubernetes" {
				if !dry {
					return errors.New("--engine kubernetes submits nothing: print a manifest with --dry-run, and give it to kubectl apply --filename -")
				}
				return p.showManifest(c, s, cluster)
			}
			if dry {
				return p.showPlan(c, s)
			}
			if cluster.engine == "slurm" {
				return p.submit(c, s, cluster)
			}
			if !p.quiet {
				plan, err := s.Plan()
				if err != nil {
					return err
				}
				fmt.Fprintln(c.ErrOrStderr(), plan.String())
			}
			if err := s.Work(c.Context()); err != nil {
				return err
			}
			return p.showStudy(c, s)
		},
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.Preset, "preset", "", "extent of the study: "+study.PresetHelp()+"; default "+study.PresetNames()[0])
	flags.StringSliceVar(&o.Only, "only", nil, "`NAMES` of configurations to work on, separated by commas; default all")
	flags.IntVar(&o.Seeds, "seeds", 0, "take the seeds 1 to `N`; default the preset's number")
	flags.IntVar(&o.RandomCells, "random-cells", 0, "number of random cells, the reference for found cells, at least the number of seeds; default the preset's number")
	flags.StringVar(&o.Dataset, "dataset", "", "data set of the searches; default cifar10, which the preset quick replaces by fashion-mnist if it is missing")
	flags.StringSliceVar(&o.Transfers, "transfer", nil, "further data sets to train found cells on, separated by commas, or none; default cifar100 and fashion-mnist, of which the preset quick leaves out missing ones")
	flags.StringVar(&o.Search, "search-settings", "", "JSON `FILE` with settings that change those of every search (essnas search --help lists them)")
	flags.StringVar(&o.Train, "train-settings", "", "JSON `FILE` with settings that change those of every training (essnas train --help lists them)")
	runFlag(c, &o.Dir, "directory of the study to make or to continue; default one in --runs, named by data and settings")
	flags.IntVar(&o.Devices, "devices", 0, "with the local engine: number of jobs at a time, one on each device; default the number of GPUs, and 1 on a CPU, whose devices share its cores")
	flags.BoolVar(&dry, "dry-run", false, "print the jobs and, if known, their duration; with --engine kubernetes: write the directory with its jobs, and print the manifest")
	c.RegisterFlagCompletionFunc("preset", cobra.FixedCompletions(study.PresetNames(), cobra.ShellCompDirectiveNoFileComp))
	cluster.add(c)
	c.AddCommand(p.studyJob(), p.studyStatus(), p.studyCancel(), p.studyRecord(), p.studyMerge())
	return c
}

func configurationNames() string {
	var names []string
	for _, c := range findings.Configurations() {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

func (p *program) showPlan(c *cobra.Command, s *study.Study) error {
	plan, err := s.Plan()
	if err != nil {
		return err
	}
	return p.print(c, plan, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, plan)
		return err
	})
}

func (p *program) showStudy(c *cobra.Command, s *study.Study) error {
	r, err := s.Results()
	if err != nil {
		return err
	}
	return p.print(c, r, func(w io.Writer) error {
		if warning := r.Warning(); warning != "" {
			fmt.Fprintf(w, "%s\n\n", warning)
		}
		for _, table := range []func() ([]string, [][]string){r.Table, r.TransferTable} {
			header, rows := table()
			if header == nil {
				continue
			}
			t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
			for _, row := range append([][]string{header}, rows...) {
				fmt.Fprintln(t, strings.Join(row, "\t"))
			}
			if err := t.Flush(); err != nil {
				return err
			}
			fmt.Fprintln(w)
		}
		for _, claim := range r.Claims {
			fmt.Fprintf(w, "- %s\n", claim)
		}
		fmt.Fprintf(w, "\nReport    %s\nTables    %s, %s\n", s.Path("report.html"), s.Path("results.csv"), s.Path("results.json"))
		return nil
	})
}
