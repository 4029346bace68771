package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/dustin/go-humanize/english"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/study"
	"github.com/essnas/essnas/lib/study/engine"
	"github.com/spf13/cobra"
)

// clusterFlags say where jobs run.
type clusterFlags struct {
	engine  string
	options engine.SlurmOptions
}

// slurmOnly are the flags that mean nothing to the local engine.
var slurmOnly = []string{"partition", "gres", "time", "mem", "cpus", "array-limit"}

func (f *clusterFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.engine, "engine", "local", "what runs the jobs: local (this process) or slurm (sbatch; the directory must be on a file system that the nodes share)")
	flags.StringVar(&f.options.Partition, "partition", "", "of slurm: `NAME` of the partition")
	flags.StringVar(&f.options.Gres, "gres", "", "of slurm: generic resources of a job, like gpu:1")
	flags.StringVar(&f.options.Time, "time", "", "of slurm: time limit of a job, like 2:00:00; two minutes before it a job saves and is queued again")
	flags.StringVar(&f.options.Mem, "mem", "", "of slurm: memory of a job, like 8G")
	flags.IntVar(&f.options.CPUs, "cpus", 0, "of slurm: CPUs of a job")
	flags.IntVar(&f.options.Limit, "array-limit", 0, "of slurm: most jobs that run at a time")
	c.RegisterFlagCompletionFunc("engine", cobra.FixedCompletions([]string{"local", "slurm"}, cobra.ShellCompDirectiveNoFileComp))
}

// validate says in a sentence what doesn't go together.
func (f *clusterFlags) validate(c *cobra.Command) error {
	switch {
	case f.engine != "local" && f.engine != "slurm":
		return fmt.Errorf("--engine can't be %q: want local or slurm", f.engine)
	case f.options.CPUs < 0 || f.options.Limit < 0:
		return fmt.Errorf("--cpus is %d and --array-limit %d: want 1 or more, or none of them", f.options.CPUs, f.options.Limit)
	case f.engine == "local":
		if i := slices.IndexFunc(slurmOnly, c.Flags().Changed); i >= 0 {
			return fmt.Errorf("--%s is for --engine slurm: give both or none", slurmOnly[i])
		}
	}
	return nil
}

// program is this program as nodes execute it, with the flags that all commands share.
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

// submit gives a study to Slurm and says how to look after it.
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

// studyJob is how processes on other machines take part in a study.
func (p *program) studyJob() *cobra.Command {
	return &cobra.Command{
		Use:   "job FILE",
		Short: "Execute one job of a study",
		Long: `Execute the job in FILE, which lies in the directory jobs of a study: search cells, or train and test a network. A finished job is left alone, a stopped one goes on.
A cluster's scheduler starts jobs this way. On SIGTERM a job saves; on SIGUSR1, which Slurm sends before the time limit, it saves and asks Slurm to queue it again.`,
		Example: "  essnas study job runs/study-cifar10-slides-1a2b3c4d/jobs/stage1/seed1/search.json",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("%s wants the file of one job, got %d: see %s --help", c.CommandPath(), len(args), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			ctx, cancel := context.WithCancel(c.Context())
			defer cancel()
			limit := make(chan os.Signal, 1)
			signal.Notify(limit, syscall.SIGUSR1)
			defer signal.Stop(limit)
			requeue := make(chan bool, 1)
			go func() {
				select {
				case <-limit:
					requeue <- true
					cancel()
				case <-ctx.Done():
				}
			}()
			err := study.Execute(ctx, p.pipeline(), args[0])
			if errors.Is(err, context.Canceled) && len(requeue) > 0 {
				return errors.Join(err, queueAgain(c.Context()))
			}
			return err
		},
	}
}

// queueAgain asks Slurm to run the task that this process is once more.
func queueAgain(ctx context.Context) error {
	task := os.Getenv("SLURM_ARRAY_JOB_ID") + "_" + os.Getenv("SLURM_ARRAY_TASK_ID")
	if out, err := exec.CommandContext(ctx, "scontrol", "requeue", task).CombinedOutput(); err != nil {
		return fmt.Errorf("Slurm doesn't queue the job again: %w: %s", err, out)
	}
	return nil
}

func (p *program) studyStatus() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:     "status",
		Short:   "Tell how far a study is, on this machine or on a cluster",
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
		Short:   "End a study's jobs on a cluster; they save",
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
