package run

import (
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/memory/footprint"
	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/settings"
)

// Origin identifies the initial weights of a run.
type Origin struct {
	Run      string `json:"run"`      // directory of the run that has them
	Checksum string `json:"checksum"` // SHA-256 of its weights and running statistics
	// true: all last weights of the run, for more epochs on the same images; false: the weights of the
	// features, with a new classifier
	Whole bool `json:"whole,omitempty"`
}

// String names the weights by their checksum and run.
func (o *Origin) String() string {
	if o == nil {
		return "initial weights"
	}
	return "the weights " + o.Checksum[:min(8, len(o.Checksum))] + " of " + o.Run
}

// Memory is the estimated memory of a run and the available memory when its last process began, in
// bytes.
type Memory struct {
	Need
	Room int64 `json:"room"` // 0 if unknown
}

// Need is the memory of a run at its peak, in bytes.
type Need struct {
	Process  int64          `json:"process"`  // the process on the host, independent of the settings
	Images   int64          `json:"images"`   // the data set on the host
	Pictures int64          `json:"pictures"` // the training images on the device
	Moments  int64          `json:"moments"`  // state of the optimizer
	Save     int64          `json:"save"`     // copies on the host during a checkpoint
	Pass     footprint.Pass `json:"pass"`     // the largest forward and backward pass
	// "all": that pass saves its activations; "little": its backward half recomputes them
	Saving string `json:"saving"`
	Total  int64  `json:"total"` // on a CPU the sum of all parts; on a GPU that of the device's parts
}

// Max returns the larger need of two phases that follow each other.
func (n Need) Max(o Need) Need {
	if o.Total > n.Total {
		return o
	}
	return n
}

// Result is result.json: the result of a run.
type Result struct {
	Epochs  int           `json:"epochs"`
	Metrics event.Metrics `json:"metrics"` // metrics of the last epoch
	// for a training: the epoch, counted from 1, with the lowest validation loss
	BestEpoch int           `json:"best_epoch"`
	Best      event.Metrics `json:"best"`    // for a training: metrics of BestEpoch
	Seconds   float64       `json:"seconds"` // duration of all processes of the run
	// the part of Seconds for steps and epochs, without compiling and loading before the first step
	Fitting float64 `json:"fitting"`
	Memory  int64   `json:"memory"` // peak bytes of the last process on the host
	Ended   string  `json:"ended"`  // RFC 3339
}

// Test is test.json: the result of a training on the test images, which are read once.
type Test struct {
	Table  score.Table `json:"table"`
	Data   string      `json:"data"`   // the data set's title
	Sample bool        `json:"sample"` // the embedded sample, not the whole data set
	// epoch of the tested weights, counted from 1: the one with the lowest validation loss
	Epoch   int      `json:"epoch"`
	Weights int      `json:"weights"`
	MACs    int      `json:"macs"`   // multiply-accumulates for one image
	Tested  string   `json:"tested"` // RFC 3339
	Samples []Sample `json:"samples"`
	// warnings about the training: sentences without their full stop
	Warnings []string `json:"warnings,omitempty"`
}

// Sample is an image of the test set with its prediction.
type Sample struct {
	Index int     `json:"index"`
	Label int     `json:"label"` // true class; -1: unknown
	Top   []Guess `json:"top"`   // most probable first
	PNG   string  `json:"png"`   // image, base64
}

// Guess is a class with its probability.
type Guess struct {
	Class       int     `json:"class"`
	Probability float64 `json:"probability"`
}

// Candidates are the hyperparameters among which a probe chooses on validation images.
type Candidates struct {
	K           []int     `json:"k"`           // neighbours that vote
	Temperature []float64 `json:"temperature"` // temperature of their votes
	L2          []float64 `json:"l2"`          // penalty of the linear classifier
}

// Probe is probe.json: the accuracy of simple classifiers on a network's features, compared with
// features of the initial network and with pixels. The classifiers learn from the run's training
// images. Their hyperparameters are chosen on validation images, and the test images are read once.
type Probe struct {
	Data       string     `json:"data"`
	Sample     bool       `json:"sample"` // the embedded sample, not the whole data set
	Train      int        `json:"train_images"`
	Validation int        `json:"validation_images"`
	Test       int        `json:"test_images"`
	Chance     float64    `json:"chance"`
	Candidates Candidates `json:"candidates"`
	Rows       []ProbeRow `json:"rows"`
	Probed     string     `json:"probed"` // RFC 3339
}

// ProbeRow is one classifier of one kind of features; accuracies lie in 0..1.
type ProbeRow struct {
	Features   string  `json:"features"` // network, untrained or pixels
	Size       int     `json:"size"`     // features per image
	Classifier string  `json:"classifier"`
	Setting    string  `json:"setting"` // the chosen hyperparameters
	Validation float64 `json:"validation"`
	Test       float64 `json:"test"`
	// Wilson's 95 % interval, which covers the sampling of the test images but not the seed
	Range score.Interval `json:"test_95"`
}

// Finetuned is finetune.json: the test accuracies of networks trained from a pretraining's weights
// and from random weights, with the same settings and seeds. All validation images keep their
// labels for every share.
type Finetuned struct {
	Data       string           `json:"data"`
	Sample     bool             `json:"sample"` // the embedded sample, not the whole data set
	Validation int              `json:"validation_images"`
	Test       int              `json:"test_images"`
	Chance     float64          `json:"chance"`
	Settings   settings.Train   `json:"settings"` // settings of the first training
	Seeds      int              `json:"seeds"`
	Shares     []FinetunedShare `json:"shares"` // the smallest first
	Ended      string           `json:"ended"`  // RFC 3339
}

// FinetunedShare is the comparison for one share of the labels.
type FinetunedShare struct {
	Labels     float64        `json:"labels"`
	Images     int            `json:"labelled_images"` // number of labelled images with the first seed
	Pretrained Trials         `json:"pretrained"`
	Scratch    Trials         `json:"scratch"`
	Gain       score.Estimate `json:"gain"` // accuracy gained by pretraining, paired by seed
}

// Trials are trainings with different seeds; accuracies lie in 0..1.
type Trials struct {
	N        int     `json:"n"`
	Accuracy float64 `json:"accuracy"` // mean over seeds
	// for one seed Wilson's interval, which covers the sampling of the test images; for several seeds
	// the t interval of the mean
	Range score.Interval `json:"range_95"`
	Top1  []float64      `json:"top1"` // by seed
	Runs  []string       `json:"runs"`
}

// Views is an element of views.json: an image and pairs of its views in a self-supervised run, as
// PNG files in base64.
type Views struct {
	Index   int         `json:"index"` // of the training image
	Picture string      `json:"picture"`
	Pairs   [][2]string `json:"pairs"`
}

// Summary is the result of the commands that make runs, with --json.
type Summary struct {
	Dir      string        `json:"run"`           // the run's directory
	Ended    bool          `json:"already_ended"` // an earlier command has ended the run
	Genotype cell.Genotype `json:"genotype"`      // found by the search, or used by the training
	Result   *Result       `json:"result"`
	Report   string        `json:"report"`             // path of the page
	Warnings []string      `json:"warnings,omitempty"` // for a search: warning of a collapse
}

// Predictions is the result of essnas predict with --json.
type Predictions struct {
	Predictions []Prediction `json:"predictions"`
	Picture     string       `json:"picture"` // file with the drawing
}

// Pictures is the result of essnas pictures with --json.
type Pictures struct {
	Captions [][]string `json:"captions"` // row by row
	Picture  string     `json:"picture"`  // file with the drawing
}

// Prediction is the prediction of a network for an image.
type Prediction struct {
	Picture string      `json:"picture"`        // file, or "test image 17"
	True    string      `json:"true,omitempty"` // class of a test image
	Top     []ClassName `json:"top"`            // most probable first
	// warning about an image that is unlike the training images
	Warning string `json:"warning,omitempty"`
}

// ClassName is a class with its probability.
type ClassName struct {
	Class       string  `json:"class"`
	Probability float64 `json:"probability"`
}

// Exported is the result of essnas export with --json: a network in a format of other programs.
type Exported struct {
	Format string `json:"format"`
	File   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	Epoch  int    `json:"epoch"` // epoch of the exported weights, counted from 1
}
