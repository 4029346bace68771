package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/essnas/essnas/lib/backend/plugin"
	"github.com/essnas/essnas/lib/bundle"
	"github.com/essnas/essnas/lib/data"
	"github.com/spf13/cobra"
)

func (p *program) bundle() *cobra.Command {
	var path string
	o := bundle.Options{}
	c := &cobra.Command{
		Use:   "bundle",
		Short: "Make one archive that runs on machines without a network",
		Long: `Make one archive of the program, XLA's plugins, data sets and compiled programs, for nodes of a cluster or a rented machine with a GPU. The machine needs only
the C library, and nothing is installed on it. The archive always contains the plugin for CPUs. --plugin cuda13 or cuda12 adds the plugin for GPUs with
NVIDIA's libraries (3 GB). On the machine, essnas bundle check compares all files with their checksums.`,
		Example: `  essnas bundle --dataset cifar10
  essnas bundle --plugin cuda13 --out gpu.tar.gz
  tar -xzf gpu.tar.gz && essnas/essnas bundle check && essnas/essnas bench --gpu`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			plugins := []string{"cpu"}
			for _, name := range o.Plugins {
				if name != "cpu" {
					plugins = append(plugins, name)
				}
			}
			o.Plugins, o.Data = plugins, p.data
			if !p.quiet {
				o.Log = c.ErrOrStderr()
			}
			m, err := bundle.Make(c.Context(), path, o)
			if err != nil {
				return err
			}
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			value := struct {
				Archive string `json:"archive"`
				Bytes   int64  `json:"bytes"`
				bundle.Manifest
			}{path, info.Size(), m}
			return p.print(c, value, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%s, %s: plugins %s; data %s; %d compiled programs; libraries %s\nIt runs where the C library is glibc %s or newer.\nThere       tar -xzf %s && essnas/essnas bundle check && essnas/essnas demo\n",
					path, humanize.Bytes(uint64(info.Size())), strings.Join(m.Plugins, ", "), orNone(m.Datasets), m.Executables, orNone(m.Libraries), m.GLIBC, path)
				return err
			})
		},
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVar(&path, "out", "essnas.tar.gz", "the archive, a `FILE`")
	flags.StringSliceVar(&o.Plugins, "plugin", nil, "plugins besides that for CPUs, separated by commas: "+strings.Join(plugin.Fetchable(), ", "))
	flags.StringSliceVar(&o.Datasets, "dataset", nil, "data sets, separated by commas: "+strings.Join(data.Names(), ", ")+"; default none, only the built-in sample")
	flags.BoolVar(&o.NoExecutables, "no-executables", false, "leave out the compiled programs of the cache; the machine then compiles")
	c.RegisterFlagCompletionFunc("plugin", cobra.FixedCompletions(plugin.Fetchable(), cobra.ShellCompDirectiveNoFileComp))
	c.RegisterFlagCompletionFunc("dataset", cobra.FixedCompletions(data.Names(), cobra.ShellCompDirectiveNoFileComp))
	c.AddCommand(p.bundleCheck())
	return c
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func (p *program) bundleCheck() *cobra.Command {
	return &cobra.Command{
		Use:     "check [DIR]",
		Short:   "Compare the files of an unpacked bundle with their checksums",
		Long:    "Compare the files of an unpacked bundle with their checksums. The default is the bundle that contains this program.",
		Example: "  essnas/essnas bundle check",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("%q is one word too many: %s takes one directory, see %s --help", args[1], c.CommandPath(), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			dir := bundle.Dir()
			if len(args) == 1 {
				dir = args[0]
			}
			if dir == "" {
				return fmt.Errorf("no bundle contains this program: name the directory of a bundle")
			}
			n, err := bundle.Check(dir)
			if err != nil {
				return err
			}
			m, err := bundle.Read(dir)
			if err != nil {
				return err
			}
			return p.print(c, map[string]any{"dir": dir, "files": n, "manifest": m}, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%d files of %s have the checksums of the archive.\n", n, dir)
				return err
			})
		},
	}
}
