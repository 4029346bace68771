package notebook

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Option is an option of a command. Most options are flags of the command line.
type Option struct {
	flag  string
	quiet bool

	setting string // argument of Steps
	step    float64
	band    *band  // argument of Band
	keep    string // argument of Keep
	fixed   bool   // set by Fixed
}

// Quiet shows nothing of a run that has ended before. Later cells that only need the run use it.
var Quiet = Option{quiet: true}

// Flag returns an option for any flag of the command by its name on the command line, such as
// Flag("run", dir).
func Flag(name string, value any) Option { return Option{flag: fmt.Sprintf("--%s=%v", name, value)} }

// Set gives a setting a value, by its name in settings files: Set("ss_factor", 0.25). essnas search
// --help and essnas train --help list them.
func Set(name string, value any) Option { return Flag(strings.ReplaceAll(name, "_", "-"), value) }

// Preset selects the preset of the settings: "demo", "quick" (minutes on two cores), "course",
// "slides" or "paper". The environment variable ESSNAS_PRESET has precedence. Whole notebooks can
// thus run as the slides' experiments on a large machine, or with small settings as tests.
// ESSNAS_IMAGES is the largest number of images of a run then.
func Preset(name string) Option {
	if other := os.Getenv("ESSNAS_PRESET"); other != "" {
		name = other
	}
	return Flag("preset", name)
}

// Method selects the method of a search: "darts", "pc-darts", "p-darts" or "pcp-darts".
func Method(name string) Option { return Flag("method", name) }

// Stage selects one of the slides' stages, 1 to 4: PC-DARTS, the same self-supervised, PCP-DARTS,
// the same self-supervised.
func Stage(n int) Option { return Flag("stage", n) }

// Seed selects the seed. Another seed makes another run of the same settings.
func Seed(n int) Option { return Flag("seed", n) }

// Dataset selects a data set: one of data.Names, a name of essnas data add, or the path of a folder
// of pictures. The default is Fashion-MNIST, or its built-in sample.
func Dataset(name string) Option { return Flag("dataset", name) }

// Images selects images by their numbers, from 0: test images for [Predict], training images for
// [Pictures].
func Images(numbers ...int) Option {
	return Flag("index", strings.Trim(strings.Join(strings.Fields(fmt.Sprint(numbers)), ","), "[]"))
}

// bounded gives a run no more images than $ESSNAS_IMAGES, if that is set. All notebooks can thus be
// tried in minutes.
func bounded(args []string) []string {
	most, err := strconv.Atoi(os.Getenv("ESSNAS_IMAGES"))
	if err != nil {
		return args
	}
	images := most + 1 // of the preset
	for _, arg := range args {
		if n, ok := strings.CutPrefix(arg, "--images="); ok {
			images, _ = strconv.Atoi(n)
		}
	}
	if images > most {
		args = append(args, fmt.Sprintf("--images=%d", most))
	}
	return args
}

func flags(options []Option) (args []string) {
	for _, o := range options {
		if o.flag != "" {
			args = append(args, o.flag)
		}
	}
	return
}
