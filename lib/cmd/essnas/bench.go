package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/bench"
	"github.com/essnas/essnas/lib/block"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func (p *program) bench() *cobra.Command {
	var only, precisions []string
	var against, path string
	var batch int
	b := bench.Bench{}
	var list strings.Builder
	for _, w := range bench.Workloads() {
		fmt.Fprintf(&list, "\n  %-14s %s, batch %d", w.Name, w.Help, w.Batch())
	}
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure compiling, steps and memory",
		Long: `Measure the time of compilation (cold, and from the disk), the time of a step, and memory. Each workload has a process of its own:
` + list.String() + `

Ctrl-C ends the benchmark with the tables of the finished workloads.

With --gpu the command first checks a GPU, step by step: its plugin, its devices, value and gradient of every block and the loss of a step against those of
the CPU, and a minute of a search. Each step has a process of its own, so that a crash costs one step. The table follows, with the papers' batches, in
float32 and bf16. One file contains the whole output. --backend rehearsal tries this on the CPU.

With --against torch the steps of essnas and of PyTorch are measured in turn, with the same network (the numbers of weights are compared), batch, cores and
precision.`,
		Example: `  essnas bench --only pc-darts
  essnas bench --only pc-darts,train --against torch --python ~/torch/bin/python
  essnas bench --gpu --against torch
  essnas bench --json > bench.json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			switch {
			case b.Steps < 1 || b.Repeat < 1:
				return fmt.Errorf("--steps is %d and --repeat %d: want at least 1", b.Steps, b.Repeat)
			case b.Patience <= 0:
				return fmt.Errorf("--patience is %s: want more than 0, as in 5m", b.Patience)
			case b.Cores < 0 || batch < 0:
				return fmt.Errorf("--cores is %d and --batch %d: they can't be negative", b.Cores, batch)
			}
			chosen, err := bench.Named(only)
			if err != nil {
				return err
			}
			if b.GPU && !c.Flags().Changed("precision") {
				precisions = []string{"float32", "bf16"}
			}
			for _, w := range chosen {
				if b.GPU {
					w = w.WithBatch(w.BatchGPU)
				}
				if batch > 0 {
					w = w.WithBatch(batch)
				}
				for _, name := range precisions {
					if _, err := block.ParsePrecision(name); err != nil {
						return err
					}
					b.Workloads = append(b.Workloads, w.WithPrecision(name))
				}
			}
			if b.Against, err = bench.Peers(against); err != nil {
				return err
			}
			self, err := os.Executable()
			if err != nil {
				return err
			}
			b.Worker, b.Backend = []string{self, "bench", "worker"}, backend.Choice(p.backend)
			if path != "" && !b.GPU {
				return errors.New("--out is for --gpu: give both or none")
			}
			var clear func()
			if b.Progress, clear = p.watch(); clear != nil {
				defer clear()
			}
			if b.GPU {
				return p.checkGPU(c, b, path)
			}
			r, stopped := b.Run(c.Context())
			if clear != nil {
				clear()
			}
			if r == nil || stopped != nil && len(r.Results) == 0 {
				return stopped
			}
			err = p.print(c, r, func(w io.Writer) error { // as far as it got
				_, err := fmt.Fprintln(w, r)
				return err
			})
			return cmp.Or(stopped, err)
		},
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringSliceVar(&only, "only", nil, "`NAMES` of workloads, separated by commas; default all")
	flags.BoolVar(&b.Cold, "cold", true, "also measure the start with an empty cache of compiled programs; --cold=false uses your cache as it is and takes less time")
	flags.IntVar(&b.Steps, "steps", 2, "steps in a turn")
	flags.IntVar(&b.Repeat, "repeat", 5, "turns")
	flags.IntVar(&batch, "batch", 0, "images in a batch; default each workload's own")
	flags.StringSliceVar(&precisions, "precision", []string{"float32"}, "float32, bf16 or both, separated by a comma")
	flags.BoolVar(&b.GPU, "gpu", false, "check a GPU step by step and measure it, with the papers' batches, in float32 and bf16: races, steps, an epoch of a search; --backend rehearsal tries it on the CPU")
	flags.StringVar(&path, "out", "", "with --gpu: `FILE` for the whole output; default essnas-gpu-HOST-TIME.txt")
	flags.IntVar(&b.Cores, "cores", 0, "cores that essnas and PyTorch may use; default all")
	flags.StringVar(&against, "against", "", "measure PyTorch in turn: torch (eager and torch.compile; the faster one counts), torch-eager or torch-compile")
	flags.DurationVar(&b.Patience, "patience", 5*time.Minute, "time limit of torch.compile until the first step; the table marks a longer time")
	flags.StringVar(&b.Python, "python", "python3", "`PROGRAM` that runs PyTorch")
	c.RegisterFlagCompletionFunc("only", cobra.FixedCompletions(bench.Names(), cobra.ShellCompDirectiveNoFileComp))
	c.RegisterFlagCompletionFunc("against", cobra.FixedCompletions([]string{"torch", "torch-eager", "torch-compile"}, cobra.ShellCompDirectiveNoFileComp))
	c.AddCommand(&cobra.Command{
		Use: "worker", Hidden: true, Args: noArguments, Short: "Measure the workload that standard input describes",
		RunE: func(c *cobra.Command, _ []string) error {
			return bench.Work(c.Context(), c.InOrStdin(), c.OutOrStdout())
		},
	}, p.benchStep())
	return c
}

// watch shows the progress of a benchmark: a bar in a terminal, occasional lines elsewhere. clear
// removes the bar.
func (p *program) watch() (show func(text string, done float64, left time.Duration), clear func()) {
	if p.quiet {
		return nil, nil
	}
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		var told time.Time
		return func(text string, done float64, left time.Duration) {
			if time.Since(told) > 10*time.Second {
				told = time.Now()
				fmt.Fprintf(os.Stderr, "%s%s\n", text, toGo(left))
			}
		}, nil
	}
	bar := progressbar.NewOptions(1000, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetWidth(6), progressbar.OptionUseANSICodes(true))
	return func(text string, done float64, left time.Duration) {
		bar.Describe(text + toGo(left))
		bar.Set(int(1000 * done))
	}, func() { bar.Clear() }
}

func toGo(left time.Duration) string {
	if left == 0 {
		return ""
	}
	return fmt.Sprintf(", %v to go", left.Round(time.Second))
}
