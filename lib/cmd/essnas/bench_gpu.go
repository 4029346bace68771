package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/bench"
	"github.com/essnas/essnas/lib/bench/kit"
	"github.com/spf13/cobra"
)

// checkGPU runs the checks of a GPU, whose last step is the benchmark, and writes their file.
func (p *program) checkGPU(c *cobra.Command, b bench.Bench, path string) error {
	device := backend.CUDA
	if p.backend == string(backend.Rehearsal) || p.backend == "" && backend.FromEnvironment() == backend.Rehearsal {
		device = backend.Rehearsal
	}
	k, err := kit.Standard(device)
	if err != nil {
		return err
	}
	if path == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "machine"
		}
		path = fmt.Sprintf("essnas-gpu-%s-%s.txt", host, time.Now().UTC().Format("20060102-150405"))
	}
	k.Worker, k.Bench, k.Path = []string{b.Worker[0], "bench", "step"}, b, path
	if !p.quiet {
		k.Told = func(s kit.Step, ended bool) {
			if ended {
				fmt.Fprintln(c.ErrOrStderr(), s)
			} else {
				fmt.Fprintf(c.ErrOrStderr(), "%s ...\n", s.Name)
			}
		}
	}
	r, stopped := k.Run(c.Context())
	if stopped != nil {
		return stopped
	}
	err = p.print(c, r, func(w io.Writer) error {
		fmt.Fprintf(w, "%s\n", r.Summary())
		if r.Table != nil {
			fmt.Fprintf(w, "%s\n\n", r.Table)
		}
		_, err := fmt.Fprintf(w, "All of it  %s\n", path)
		return err
	})
	if failed := r.Err(); failed != nil {
		return fmt.Errorf("%w; %s has the whole output", failed, path)
	}
	return cmp.Or(stopped, err)
}

// benchStep is the worker of the kit.
func (p *program) benchStep() *cobra.Command {
	return &cobra.Command{
		Use: "step", Hidden: true, Args: noArguments, Short: "Run the step of the checks of a GPU that standard input describes",
		RunE: func(c *cobra.Command, _ []string) error {
			return kit.Work(c.Context(), c.InOrStdin(), c.OutOrStdout())
		},
	}
}
