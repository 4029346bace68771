package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize/english"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/study"
	"github.com/spf13/cobra"
)

// onNodes returns the command line of this program on nodes, with the flags that all commands
// share. It returns an error if the path of the program is unknown.
func (p *program) onNodes() (words []string, err error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	words = []string{path, "--quiet"}
	if p.backend != "" {
		words = append(words, "--backend", p.backend)
	}
	if p.memory > 0 {
		words = append(words, "--memory", p.memory.String())
	}
	if p.data != "" {
		data, err := filepath.Abs(p.data)
		if err != nil {
			return nil, err
		}
		words = append(words, "--data", data)
	}
	return words, nil
}

// submit submits a study to Slurm and prints the commands that watch and end it.
func (p *program) submit(c *cobra.Command, s *study.Study, f clusterFlags) error {
	words, err := p.onNodes()
	if err != nil {
		return err
	}
	n, err := s.Submit(c.Context(), study.Cluster{Program: words, Options: f.options})
	if err != nil {
		return err
	}
	submitted := struct {
		Dir  string `json:"dir"`
		Jobs int    `json:"jobs"`
	}{s.Dir, n}
	return p.print(c, submitted, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "Submitted %s of %s; the report follows them.\nHow far    %s\nEnd them   %s\nLogs       %s\n", english.Plural(n, "job", ""), s.Dir,
			run.Command("study", "status", "--run", s.Dir), run.Command("study", "cancel", "--run", s.Dir), s.Path("jobs", "logs"))
		return err
	})
}

// studyJob is the command with which other machines execute jobs of a study.
func (p *program) studyJob() *cobra.Command {
	var chain string
	var index int
	c := &cobra.Command{
		Use:   "job FILE",
		Short: "Execute one job of a study",
		Long: `Execute the job in FILE, which lies in the directory jobs of a study: search cells, or train and test a network. A finished job is not repeated, and a stopped
job continues. A cluster's scheduler starts jobs this way. On SIGTERM a job saves; on SIGUSR1, which Slurm sends before the time limit, it saves and asks
Slurm to queue it again.`,
		Example: "  essnas study job runs/study-cifar10-slides-1a2b3c4d/jobs/stage1/seed1/search.json",
		Args: func(c *cobra.Command, args []string) error {
			if (len(args) == 1) == (chain != "") || len(args) > 1 {
				return fmt.Errorf("%s wants the file of one job or --chain, got %d: see %s --help", c.CommandPath(), len(args), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if chain != "" {
				files, err := study.ReadChain(chain, index)
				if err != nil {
					return err
				}
				args = files
			}
			return requeueing(c.Context(), func(ctx context.Context) error {
				for _, file := range args {
					if err := study.Execute(ctx, p.pipeline(), file); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&chain, "chain", "", "execute the jobs in a line of this `FILE`, one after the other, instead of one job")
	c.Flags().IntVar(&index, "index", -1, "with --chain: the `LINE`, counted from 0; default $JOB_COMPLETION_INDEX, which Kubernetes sets")
	return c
}

func (p *program) studyStatus() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:     "status",
		Short:   "Show the progress of a study, on this machine or on a cluster",
		Example: "  essnas study status --run runs/study-cifar10-slides-1a2b3c4d",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := study.Open(dir)
			if err != nil {
				return err
			}
			status, err := s.Status(c.Context())
			if err != nil {
				return err
			}
			return p.print(c, status, func(w io.Writer) error {
				_, err := fmt.Fprintln(w, status)
				return err
			})
		},
	}
	runFlag(c, &dir, "directory of the study")
	c.MarkFlagRequired("run")
	return c
}

func (p *program) studyCancel() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:     "cancel",
		Short:   "End a study's jobs on a cluster after they have saved",
		Example: "  essnas study cancel --run runs/study-cifar10-slides-1a2b3c4d",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := study.Open(dir)
			if err != nil {
				return err
			}
			return s.Cancel()
		},
	}
	runFlag(c, &dir, "directory of the study")
	c.MarkFlagRequired("run")
	return c
}
