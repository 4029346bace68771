package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
	"github.com/essnas/essnas/lib/data"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
)

func (p *program) dataCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "data",
		Short: "List, fetch and check the data sets",
		Long: `List, fetch and check the data sets. Their official files are looked for in --data, else $ESSNAS_DATA, else in "data" in the cache directory. Where no files of
Fashion-MNIST are, commands take a built-in sample of it, and say so.`,
		Example: `  essnas data list
  essnas data fetch cifar10
  essnas data check cifar10 --data ~/data`,
		Args: knownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(&cobra.Command{
		Use:     "list",
		Short:   "List the data sets and where they are",
		Example: "  essnas data list --data ~/data",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			all, err := data.List(p.data)
			if err != nil {
				return err
			}
			return p.print(c, all, func(w io.Writer) error { return listData(w, all) })
		},
	}, &cobra.Command{
		Use:       "fetch NAME...",
		Short:     "Download data sets from their authors",
		Example:   "  essnas data fetch cifar10 cifar100 --data ~/data",
		ValidArgs: data.Names(),
		RunE: func(c *cobra.Command, names []string) error {
			if len(names) == 0 {
				return fmt.Errorf("which data sets? Name some of %s", strings.Join(data.Names(), ", "))
			}
			for _, name := range names {
				if err := data.Fetch(c.Context(), name, p.data, p.downloading()); err != nil {
					return err
				}
				if !p.quiet {
					fmt.Fprintf(c.ErrOrStderr(), "%s is there\n", data.Title(name))
				}
			}
			return nil
		},
	}, &cobra.Command{
		Use:       "check [NAME...]",
		Short:     "Check the files of data sets",
		Long:      "Check the files of data sets, of all that are there unless some are named: sizes, labels, checksums. A fault is named with its file, and the status is not 0.",
		Example:   "  essnas data check cifar10",
		ValidArgs: data.Names(),
		RunE: func(c *cobra.Command, names []string) error {
			reports, err := checkData(names, p.data)
			if err != nil {
				return err
			}
			return p.print(c, reports, func(w io.Writer) error {
				for _, r := range reports {
					showCheck(w, r)
				}
				return nil
			})
		},
	})
	return c
}

func listData(w io.Writer, all []data.Info) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tIMAGES\tSIZE\tCLASSES\tWHERE")
	for _, i := range all {
		place := i.Place
		if place == "" {
			place = "not there; essnas data fetch " + i.Name
		}
		fmt.Fprintf(table, "%s\t%s + %s\t%d x %d x %d\t%d\t%s\n", i.Name, humanize.Comma(int64(i.TrainImages)), humanize.Comma(int64(i.TestImages)), i.Height, i.Width, i.Channels, i.Classes, place)
	}
	return table.Flush()
}

// downloading shows a bar in a terminal.
func (p *program) downloading() data.Progress {
	if !p.lab().Terminal {
		return nil
	}
	var bar *progressbar.ProgressBar
	var of string
	return func(file string, done, total int64) {
		if file != of {
			if bar != nil {
				bar.Finish()
			}
			bar, of = progressbar.DefaultBytes(total, file), file
		}
		bar.Set64(done)
		if done == total {
			fmt.Fprintln(os.Stderr)
		}
	}
}

func checkData(names []string, dir string) ([]*data.Report, error) {
	if len(names) == 0 {
		all, err := data.List(dir)
		if err != nil {
			return nil, err
		}
		for _, i := range all {
			if i.Place != "" {
				names = append(names, i.Name)
			}
		}
		if len(names) == 0 {
			where, err := data.Directory(dir)
			if err != nil {
				return nil, err
			}
			return nil, fmt.Errorf("there are no data sets in %s: fetch some with essnas data fetch, or name another directory with --data", where)
		}
	}
	var reports []*data.Report
	for _, name := range names {
		r, err := data.Check(name, dir)
		if err != nil {
			return nil, err
		}
		reports = append(reports, r)
	}
	return reports, nil
}

func showCheck(w io.Writer, r *data.Report) {
	fmt.Fprintf(w, "%s in %s: ", r.Title, r.Place)
	if r.Complete() {
		fmt.Fprint(w, "complete")
	} else {
		fmt.Fprintf(w, "%d of %d training and %d of %d test images", r.Train.Images, r.Train.Expected, r.Test.Images, r.Test.Expected)
	}
	fmt.Fprintln(w, map[data.Origin]string{
		data.Official: ", the authors' files",
		data.Other:    ", not the authors' files (another order of the same images is as good)",
		data.Unknown:  ", checksums not known",
	}[r.Origin()])
	fmt.Fprintf(w, "  training labels  %v\n  test labels      %v\n  mean %v, std %v\n", r.Train.Labels, r.Test.Labels, r.Mean, r.Std)
	for _, f := range r.Files {
		fmt.Fprintf(w, "  %-28s %12s bytes  %s  sha256 %s\n", f.Name, humanize.Comma(f.Bytes), f.Origin, f.SHA256)
	}
}
