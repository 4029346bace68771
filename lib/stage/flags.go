package stage

import (
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/settings"
	"github.com/spf13/pflag"
)

// Annotations of flags that tell a shell how to complete them.
const (
	Choices   = "essnas_choices"   // complete with the annotation's values
	Directory = "essnas_directory" // complete with names of directories
)

func choices(f *pflag.FlagSet, name string, values []string) {
	f.SetAnnotation(name, Choices, values) // an error would mean that the flag is undefined
}

func datasetFlag(f *pflag.FlagSet, dataset *string) {
	f.StringVar(dataset, "dataset", "", "images: "+strings.Join(data.Names(), ", ")+", a name of essnas data add, or the `PATH` of a folder with a folder of pictures for each class (PATH:side=64 for another size than 32); default Fashion-MNIST, or its built-in sample")
	choices(f, "dataset", data.Names())
}

func directoryFlag(f *pflag.FlagSet, dir *string, name, help string) {
	f.StringVar(dir, name, "", help)
	f.SetAnnotation(name, Directory, nil)
}

func runFlag(f *pflag.FlagSet, dir *string, help string) { directoryFlag(f, dir, "run", help) }

// GenotypeFlag defines --genotype.
func GenotypeFlag(f *pflag.FlagSet, genotype *string) {
	f.StringVar(genotype, "genotype", "", "cells: the directory of a search, or DIR@EPOCH; a `FILE` (JSON, Python text, or the line of a log), or FILE:NAME; or "+strings.Join(cell.PublishedNames(), ", "))
	choices(f, "genotype", cell.PublishedNames())
}

// settingsFlags defines the flags of a choice of settings, except the flags named by without.
func settingsFlags[S settings.Settings](f *pflag.FlagSet, choice *settings.Choice[S], without ...string) {
	for _, flag := range choice.Flags() {
		if slices.Contains(without, flag.Name) {
			continue
		}
		defined := f.VarPF(flag.Value, flag.Name, "", flag.Help)
		if flag.Value.Type() == "bool" {
			defined.NoOptDefVal = "true" // --unrolled needs no value
		}
		if flag.Choices != nil {
			choices(f, flag.Name, flag.Choices)
		}
	}
}
