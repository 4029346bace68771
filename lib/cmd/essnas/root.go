package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/pipeline"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/stage"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// program contains the flags that all commands share.
type program struct {
	backend, data, runs string
	memory              size
	quiet, json         bool
	// server prepares the pipeline for a client of the server; nil: the program runs in a terminal.
	server func(l *pipeline.Pipeline)
	// unknown is the error for a word before --help that is no command.
	unknown error
}

func (p *program) root() *cobra.Command {
	c := &cobra.Command{
		Use:   "essnas",
		Short: "Efficient neural architecture search",
		Long: `essnas searches the cells of an image classifier (DARTS, PC-DARTS, P-DARTS, PCP-DARTS), trains the network that is built from them, tests it, and shows the results.

Each command writes into a run directory, runs/NAME-HASH, with a hash of the settings and the data. The same command continues a stopped or
killed run, and shows the result of a finished run. Start with "essnas demo".`,
		Example: `  essnas demo
  essnas search --dataset cifar10 --preset slides
  essnas train --genotype runs/search-cifar10-1a2b3c4d --dataset cifar10
  essnas test --run runs/train-cifar10-5e6f7a8b`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.SetFlagErrorFunc(explainFlag)
	c.PersistentPreRunE = requiredFlags
	help := c.HelpFunc()
	c.SetHelpFunc(func(c *cobra.Command, args []string) {
		if words := c.Flags().Args(); c.HasAvailableSubCommands() && len(words) > 0 {
			p.unknown = knownCommand(c, words) // cobra would show the help of the parent command
			return
		}
		help(c, args)
	})
	flags := c.PersistentFlags()
	flags.SortFlags = false
	flags.StringVar(&p.backend, "backend", "", "device: auto, cuda, cpu, go, rehearsal (the CPU treated as a GPU) or the `PATH` of a PJRT plugin; default $ESSNAS_BACKEND, or auto")
	flags.StringVar(&p.data, "data", "", "`DIR` with the data sets' files; default $ESSNAS_DATA")
	flags.StringVar(&p.runs, "runs", "", "`DIR` in which run directories are made; default $ESSNAS_RUNS, or runs")
	flags.Var(&p.memory, "memory", "memory limit, a `SIZE` like 4GB; default the free memory. A search or training that does not fit does not start")
	flags.BoolVar(&p.json, "json", false, "print the result as JSON")
	flags.BoolVarP(&p.quiet, "quiet", "q", false, "print no progress")
	c.RegisterFlagCompletionFunc("backend", cobra.FixedCompletions([]string{"auto", "cuda", "cpu", "go"}, cobra.ShellCompDirectiveDefault))
	for _, s := range stage.All() {
		c.AddCommand(p.stage(s))
	}
	c.AddCommand(p.demo(), p.params(), p.analyze(), p.film(), p.replay(), p.study(), p.report(), p.metrics(), p.derive(), p.bench(), p.dataCommand(), p.doctor(), p.bundle(), p.version())
	c.AddCommand(p.serve(), p.jupyterLab(), p.kernel(), p.states()) // notebooks
	return c
}

// pipeline returns the pipeline that the flags describe.
func (p *program) pipeline() *pipeline.Pipeline {
	l := pipeline.New()
	l.Backend, l.Data, l.Runs, l.Memory = backend.Choice(p.backend), p.data, p.runs, int64(p.memory)
	if p.quiet {
		l.Progress = nil
	} else if p.server != nil {
		p.server(l)
	} else {
		l.Terminal = term.IsTerminal(int(os.Stderr.Fd()))
	}
	return l
}

// explainFlag explains an invalid flag in a sentence.
func explainFlag(c *cobra.Command, err error) error {
	help := fmt.Sprintf("see %s --help", c.CommandPath())
	var absent *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &absent):
		var known []string
		c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near := settings.Nearest(absent.GetSpecifiedName(), known); near != "" {
			return fmt.Errorf("there is no flag --%s: did you mean --%s? S%s", absent.GetSpecifiedName(), near, help[1:])
		}
		return fmt.Errorf("there is no flag --%s: %s", absent.GetSpecifiedName(), help)
	case errors.As(err, &invalid):
		want, ok := map[string]string{
			"int": "a whole number", "uint64": "a whole number that is not negative", "float": "a finite number", "intSlice": "whole numbers with commas between them", "float64Slice": "numbers with commas between them", "bool": "true or false", "size": "a size like 4GB",
		}[invalid.GetFlag().Value.Type()]
		if ok {
			return fmt.Errorf("--%s can't be %q: want %s; %s", invalid.GetFlag().Name, invalid.GetValue(), want, help)
		}
	}
	return fmt.Errorf("%w: %s", err, help)
}

// knownCommand returns an error with advice for a word that is no command.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			known = append(known, sub.Name())
		}
	}
	if near := settings.Nearest(args[0], known); near != "" {
		return fmt.Errorf("there is no command %q: did you mean %q? See %s --help", args[0], near, c.CommandPath())
	}
	return fmt.Errorf("there is no command %q: use one of %s", args[0], strings.Join(known, ", "))
}

// noArguments returns an error with advice if a command has arguments.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%q is one word too many: %s takes flags only, see %s --help", args[0], c.CommandPath(), c.CommandPath())
	}
	return nil
}

// arguments returns a check that allows at least and at most that many arguments. Its error asks
// the question, which says what to give.
func arguments(least, most int, question string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return errors.New(question)
		}
		return nil
	}
}

// requiredFlags returns an error with advice if a required flag is missing. The error of cobra,
// which checks afterwards, has none.
func requiredFlags(c *cobra.Command, _ []string) (err error) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if err == nil && !f.Changed && f.Annotations[cobra.BashCompOneRequiredFlag] != nil {
			_, usage := pflag.UnquoteUsage(f)
			err = fmt.Errorf("%s needs --%s (%s): see %[1]s --help", c.CommandPath(), f.Name, usage)
		}
	})
	return err
}

// print writes a result: as JSON with --json, else by the function text. It returns the errors of
// writing.
func (p *program) print(c *cobra.Command, value any, text func(w io.Writer) error) error {
	w := c.OutOrStdout()
	if !p.json {
		return text(w)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

func datasetFlag(c *cobra.Command, dataset *string) {
	c.Flags().StringVar(dataset, "dataset", "", "images: "+strings.Join(data.Names(), ", ")+"; default Fashion-MNIST, or its built-in sample")
	c.RegisterFlagCompletionFunc("dataset", cobra.FixedCompletions(data.Names(), cobra.ShellCompDirectiveNoFileComp))
}

func runFlag(c *cobra.Command, dir *string, help string) {
	c.Flags().StringVar(dir, "run", "", help)
	c.MarkFlagDirname("run")
}
