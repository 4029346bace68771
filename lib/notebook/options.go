package notebook

import (
	"fmt"
	"os"
	"strings"
)

// Option says how a command is to be done: most are flags of it.
type Option struct {
	flag  string
	quiet bool

	setting string // of Steps
	step    float64
	band    *band  // of Band
	keep    string // of Keep
	fixed   bool   // of Fixed
}

// Quiet shows nothing of a run that has ended before: for later cells, which only need the run.
var Quiet = Option{quiet: true}

// Flag is any flag of the command by its name on the command line, e.g. Flag("run", dir).
func Flag(name string, value any) Option { return Option{flag: fmt.Sprintf("--%s=%v", name, value)} }

// Set gives a setting a value, by its name in settings files: Set("ss_factor", 0.25). essnas search
// --help and essnas train --help list them.
func Set(name string, value any) Option { return Flag(strings.ReplaceAll(name, "_", "-"), value) }

// Preset is what settings start from: "quick" (minutes on two cores), "slides", "paper", "demo".
// $ESSNAS_PRESET, if set, has the last word: with it, whole notebooks run as the slides'
// experiments on a large machine, or in a hurry as tests.
func Preset(name string) Option {
	if other := os.Getenv("ESSNAS_PRESET"); other != "" {
		name = other
	}
	return Flag("preset", name)
}

// Method is what a search changes its preset to: "darts", "pc-darts", "p-darts", "pcp-darts".
func Method(name string) Option { return Flag("method", name) }

// Stage is one of the slides' four: PC-DARTS, the same self-supervised, PCP-DARTS, the same
// self-supervised.
func Stage(n int) Option { return Flag("stage", n) }

// Seed makes another run of the same settings.
func Seed(n int) Option { return Flag("seed", n) }

// Dataset is the name of a data set (data.Names), a name of essnas data add, or the path of a
// folder of pictures. Without it it is Fashion-MNIST, or the sample of it that is built in.
func Dataset(name string) Option { return Flag("dataset", name) }

// Images are those with these numbers, from 0: of the test set to [Predict], of the training set to
// [Pictures].
func Images(numbers ...int) Option {
	return Flag("index", strings.Trim(strings.Join(strings.Fields(fmt.Sprint(numbers)), ","), "[]"))
}

func flags(options []Option) (args []string) {
	for _, o := range options {
		if o.flag != "" {
			args = append(args, o.flag)
		}
	}
	return
}
