package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/settings"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
)

func (p *program) dataCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "data",
		Short: "List, fetch and check the data sets",
		Long: `List, fetch and check the data sets. Their official files lie in --data, or else in $ESSNAS_DATA, or else in "data" in the cache directory. The default data
set is Fashion-MNIST. If its files are missing, a command takes a built-in sample of it and says so.

A folder of pictures can also be a data set: --dataset PATH, or essnas data add.`,
		Example: `  essnas data list
  essnas data fetch cifar10
  essnas data add flowers ~/pictures/flowers
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
	}, p.dataAdd(), &cobra.Command{
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
		Long:      "Check sizes, labels and checksums of the files of data sets, by default of all available ones. The command prints each fault with its file, and its status is then not 0.",
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

func (p *program) dataAdd() *cobra.Command {
	o := data.NewOwn("")
	c := &cobra.Command{
		Use:   "add NAME PATH",
		Short: "Give a folder of pictures the name of a data set",
		Long: `Give a folder of PNG, JPEG or WebP pictures, or a .zip archive of one, a name for --dataset. The pictures stay where they are. The command reads all of them
and names unreadable ones. The middle square of each picture is scaled to --side. The data set is grey if all pictures are grey.

  PATH/train/CLASS/*  and  PATH/test/CLASS/*    training and test pictures
  PATH/CLASS/*                                  pictures; a share of them becomes test pictures
  PATH/*                                        pictures without labels, for essnas pretrain

Without a name, --dataset PATH does the same, and --dataset PATH:side=64,test=0.1,seed=2 takes these settings.`,
		Example: `  essnas data add flowers ~/pictures/flowers
  essnas data add flowers64 ~/pictures/flowers.zip --side 64 --test 0.1
  essnas search --dataset flowers`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("which pictures under which name? Give a name and a path, as in essnas data add flowers ~/pictures/flowers")
			}
			reference, err := data.ParseOwn(args[1])
			if err != nil {
				return err
			}
			for name, to := range map[string]func(){
				"side": func() { reference.Side = o.Side }, "test": func() { reference.Test = o.Test }, "seed": func() { reference.Seed = o.Seed },
			} {
				if c.Flags().Changed(name) {
					to()
				}
			}
			set, err := data.Add(args[0], reference.String(), p.data)
			if err != nil {
				return err
			}
			value := map[string]any{"name": set.Name, "path": reference.Path, "classes": set.Classes, "train_images": set.Train.N, "test_images": set.Test.N, "side": set.Train.Height, "channels": set.Train.Channels}
			return p.print(c, value, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%s: %s training and %s test pictures of %d x %d x %d, classes %s\n\nNext      %s\n", set.Name,
					humanize.Comma(int64(set.Train.N)), humanize.Comma(int64(set.Test.N)), set.Train.Height, set.Train.Width, set.Train.Channels, strings.Join(set.Classes, ", "), p.pipeline().Next(firstSearch(set)...))
				return err
			})
		},
	}
	c.Flags().IntVar(&o.Side, "side", o.Side, "side of the squares, in pixels: a multiple of 4")
	c.Flags().Float64Var(&o.Test, "test", o.Test, "share of each class that becomes test pictures if PATH has no folder test")
	c.Flags().Uint64Var(&o.Seed, "seed", o.Seed, "seed of the choice of test pictures")
	return c
}

// firstSearch returns a command that searches on a data set. For a small data set it reduces the
// batch.
func firstSearch(set *data.Set) []string {
	command := []string{"search", "--dataset", set.Name}
	chosen, err := settings.SearchChoice().Settings()
	if err != nil {
		return command
	}
	batch := chosen.Batch
	for batch > 1 && batch > set.Train.N/2 {
		batch /= 2
	}
	if batch < chosen.Batch {
		command = append(command, "--batch", strconv.Itoa(batch))
	}
	return command
}

func listData(w io.Writer, all []data.Info) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tIMAGES\tSIZE\tCLASSES\tWHERE")
	for _, i := range all {
		place := i.Place
		if place == "" {
			place = "missing; essnas data fetch " + i.Name
			if i.License == "" { // the user's own pictures
				place = "no longer there"
			}
		}
		if i.Channels == 0 {
			fmt.Fprintf(table, "%s\t%s + %s\t%d x %d\t%d\t%s\n", i.Name, humanize.Comma(int64(i.TrainImages)), humanize.Comma(int64(i.TestImages)), i.Height, i.Width, i.Classes, place)
			continue
		}
		fmt.Fprintf(table, "%s\t%s + %s\t%d x %d x %d\t%d\t%s\n", i.Name, humanize.Comma(int64(i.TrainImages)), humanize.Comma(int64(i.TestImages)), i.Height, i.Width, i.Channels, i.Classes, place)
	}
	return table.Flush()
}

// downloading shows a bar in a terminal.
func (p *program) downloading() data.Progress {
	if !p.pipeline().Terminal {
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
		data.Other:    ", not the authors' files (another order of the same images does no harm)",
		data.Unknown:  ", checksums not known",
	}[r.Origin()])
	fmt.Fprintf(w, "  training labels  %v\n  test labels      %v\n  mean %v, std %v\n", r.Train.Labels, r.Test.Labels, r.Mean, r.Std)
	for _, f := range r.Files {
		fmt.Fprintf(w, "  %-28s %12s bytes  %s  sha256 %s\n", f.Name, humanize.Comma(f.Bytes), f.Origin, f.SHA256)
	}
}
