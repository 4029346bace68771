package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/essnas/essnas/lib/pipeline"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/stage"
	"github.com/essnas/essnas/lib/study"
	"github.com/essnas/essnas/lib/study/engine"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// stage makes the command of a pipeline stage.
func (p *program) stage(s stage.Stage) *cobra.Command {
	command := s.Command()
	var cluster clusterFlags
	submits := slices.Contains([]string{"search", "train", "pretrain"}, s.Name)
	c := &cobra.Command{
		Use: command.Use, Short: command.Short, Long: command.Long, Example: command.Example,
		RunE: func(c *cobra.Command, files []string) error {
			if submits {
				if err := cluster.validate(c, "local", "slurm"); err != nil {
					return err
				}
				if cluster.engine == "slurm" {
					// The preset or a file of settings may name the devices as well.
					if devices, err := c.Flags().GetInt("devices"); err == nil && c.Flags().Changed("devices") {
						if err := cluster.fits(devices); err != nil {
							return err
						}
					}
					return p.submitStage(c, cluster)
				}
			}
			var a stage.Answer
			do := func(ctx context.Context) (err error) {
				a, err = command.Do(ctx, &p.pipeline().Env, c.Flags(), files)
				return err
			}
			var err error
			if os.Getenv(engine.Requeue) != "" {
				err = requeueing(c.Context(), do)
			} else {
				err = do(c.Context())
			}
			if err != nil {
				return err
			}
			return p.print(c, a.Value, a.Text)
		},
	}
	if !command.Files {
		c.Args = noArguments
	}
	c.Flags().SortFlags = false
	command.Flags(c.Flags())
	if submits {
		cluster.addOne(c, "engine: local (this process) or slurm (one job through sbatch; the directory of runs must be on a file system that the nodes share)")
		c.RegisterFlagCompletionFunc("engine", cobra.FixedCompletions([]string{"local", "slurm"}, cobra.ShellCompDirectiveNoFileComp))
	}
	completions(c)
	return c
}

// completions registers the completion of flags for shells, from their annotations.
func completions(c *cobra.Command) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if _, ok := f.Annotations[stage.Directory]; ok {
			c.MarkFlagDirname(f.Name)
		}
		if values, ok := f.Annotations[stage.Choices]; ok {
			directive := cobra.ShellCompDirectiveNoFileComp
			if f.Name == "genotype" { // its value may also be a file or a directory
				directive = cobra.ShellCompDirectiveDefault
			}
			c.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(values, directive))
		}
	})
}

func (p *program) report() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:     "report",
		Short:   "Draw a run's figures and report again",
		Long:    "Draw the figures and write the report of a run or a study again, from the record in its directory. The run may still be unfinished.",
		Example: "  essnas report --run runs/search-cifar10-1a2b3c4d",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if dir == "" {
				return fmt.Errorf("which run? Give --run with its directory")
			}
			draw := pipeline.Report
			if s, err := study.Open(dir); err == nil {
				draw = func(string) (string, error) { return s.Report() }
			} else if _, err := run.Open(dir); err != nil {
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
