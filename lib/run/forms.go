package run

import (
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/settings"
)

// Origin says which weights a training begins with.
type Origin struct {
	Run      string `json:"run"`      // the directory of the pretraining
	Checksum string `json:"checksum"` // SHA-256 of its weights and running statistics
}

func (o *Origin) String() string {
	if o == nil {
		return "initial weights"
	}
	return "the weights " + o.Checksum[:min(8, len(o.Checksum))] + " of " + o.Run
}

// Memory is what a run is expected to take, and what there was for it when a process last began to work on it, in bytes.
type Memory struct {
	Need
	Room int64 `json:"room"` // 0 where nobody told
}

// Need is what a run takes at its largest moment, in bytes.
type Need struct {
	Process  int64  `json:"process"`  // on the host, whatever the settings are
	Images   int64  `json:"images"`   // on the host
	Pictures int64  `json:"pictures"` // the training images on the device
	Moments  int64  `json:"moments"`  // what the optimizer remembers
	Save     int64  `json:"save"`     // copies on the host when a checkpoint is written
	Pass     Pass   `json:"pass"`     // the largest one
	Saving   string `json:"saving"`   // how much that pass saves for its backward half: "all" or "little"
	Total    int64  `json:"total"`    // of all this on a CPU; of what is on it on a GPU
}

// Pass is what a forward and backward pass takes, in bytes.
type Pass struct {
	Weights int64 `json:"weights"` // and running statistics
	Inputs  int64 `json:"inputs"`
	Arrays  int64 `json:"arrays"`  // at most at a time, beside these: values, sums, what is saved, gradients
	Scratch int64 `json:"scratch"` // of the executables that run where arrays and scratch are most
	Left    int64 `json:"left"`    // arrays that the pass leaves: gradients, and zeros that are kept
}

// Total is the most at a time.
func (p Pass) Total() int64 { return p.Weights + p.Inputs + p.Arrays + p.Scratch }

// Max is the larger need, of phases that follow each other.
func (n Need) Max(o Need) Need {
	if o.Total > n.Total {
		return o
	}
	return n
}

// Result is result.json: what a run ended with.
type Result struct {
	Epochs    int           `json:"epochs"`
	Metrics   event.Metrics `json:"metrics"`    // of the last epoch
	BestEpoch int           `json:"best_epoch"` // of a training: the epoch, counted from 1, with the lowest validation loss
	Best      event.Metrics `json:"best"`       // of a training: that epoch's
	Seconds   float64       `json:"seconds"`    // over all processes that worked on it
	Fitting   float64       `json:"fitting"`    // of these, the seconds from step to step and epoch to epoch: neither compiling nor loading before the first step
	Memory    int64         `json:"memory"`     // bytes that the last of these processes held at most, on the host, from its start
	Ended     string        `json:"ended"`      // RFC 3339
}

// Test is test.json: what a training run got on the test images, which are read once.
type Test struct {
	Table   score.Table `json:"table"`
	Data    string      `json:"data"`   // the data set's title
	Sample  bool        `json:"sample"` // the embedded sample, not the whole data set
	Epoch   int         `json:"epoch"`  // whose weights were tested, counted from 1: that of the lowest validation loss
	Weights int         `json:"weights"`
	MACs    int         `json:"macs"`   // multiply-accumulates for one image
	Tested  string      `json:"tested"` // RFC 3339
	Samples []Sample    `json:"samples"`
}

// Sample is an image of the test set with what the network makes of it.
type Sample struct {
	Index int     `json:"index"`
	Label int     `json:"label"` // the true class; -1: not known
	Top   []Guess `json:"top"`   // the most probable first
	PNG   string  `json:"png"`   // the picture, base64
}

// Guess is a class with its probability.
type Guess struct {
	Class       int     `json:"class"`
	Probability float64 `json:"probability"`
}

// Candidates are what a probe chooses from on validation images.
type Candidates struct {
	K           []int     `json:"k"`           // neighbours that vote
	Temperature []float64 `json:"temperature"` // of their votes
	L2          []float64 `json:"l2"`          // penalty of the linear classifier
}

// Probe is probe.json: how well simple classifiers of a network's features do, beside those of what it began with and of
// pixels. They learn from the run's training images; validation images choose, and the test images are read once.
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

// ProbeRow is one classifier of one kind of features; accuracies in 0..1.
type ProbeRow struct {
	Features   string         `json:"features"` // network, untrained or pixels
	Size       int            `json:"size"`     // how many each image has
	Classifier string         `json:"classifier"`
	Setting    string         `json:"setting"` // the chosen one
	Validation float64        `json:"validation"`
	Test       float64        `json:"test"`
	Range      score.Interval `json:"test_95"` // Wilson: the luck of the test images, not that of the seed
}

// Finetuned is finetune.json: the test accuracies of networks that began with a pretraining's weights and of such that began
// with random ones, trained with the same settings and seeds. The images to validate by keep their labels, whatever the share.
type Finetuned struct {
	Data       string           `json:"data"`
	Sample     bool             `json:"sample"` // the embedded sample, not the whole data set
	Validation int              `json:"validation_images"`
	Test       int              `json:"test_images"`
	Chance     float64          `json:"chance"`
	Settings   settings.Train   `json:"settings"` // of the first training
	Seeds      int              `json:"seeds"`
	Shares     []FinetunedShare `json:"shares"` // the smallest first
	Ended      string           `json:"ended"`  // RFC 3339
}

// FinetunedShare is the comparison with one share of the labels.
type FinetunedShare struct {
	Labels     float64        `json:"labels"`
	Images     int            `json:"labelled_images"` // with the first seed
	Pretrained Trials         `json:"pretrained"`
	Scratch    Trials         `json:"scratch"`
	Gain       score.Estimate `json:"gain"` // of the pretrained over the others, seed by seed
}

// Trials are trainings that differ in the seed; accuracies in 0..1.
type Trials struct {
	N        int            `json:"n"`
	Accuracy float64        `json:"accuracy"` // the mean
	Range    score.Interval `json:"range_95"` // of one seed Wilson's, which covers the luck of the test images; of several the t interval of the mean over seeds
	Top1     []float64      `json:"top1"`     // by seed
	Runs     []string       `json:"runs"`
}

// Views is one picture of views.json, with pairs of views that a self-supervised run makes of it; PNG, base64.
type Views struct {
	Index   int         `json:"index"` // of the training image
	Picture string      `json:"picture"`
	Pairs   [][2]string `json:"pairs"`
}

// Summary is what the commands that make runs print with --json.
type Summary struct {
	Dir      string        `json:"run"`           // the run's directory
	Ended    bool          `json:"already_ended"` // by an earlier command
	Genotype cell.Genotype `json:"genotype"`      // of a search what was found, else what is trained
	Result   *Result       `json:"result"`
	Report   string        `json:"report"`             // the page about all of it
	Warnings []string      `json:"warnings,omitempty"` // of a search: that it has collapsed
}

// Predictions are what essnas predict prints with --json.
type Predictions struct {
	Predictions []Prediction `json:"predictions"`
	Picture     string       `json:"picture"` // the file that they are drawn in
}

// Pictures are what essnas pictures prints with --json.
type Pictures struct {
	Captions [][]string `json:"captions"` // row by row
	Picture  string     `json:"picture"`  // the file that they are drawn in
}

// Prediction is what a network sees in a picture.
type Prediction struct {
	Picture string      `json:"picture"`        // the file, or "test image 17"
	True    string      `json:"true,omitempty"` // its class, of a test image
	Top     []ClassName `json:"top"`            // the most probable first
}

// ClassName is a class with its probability.
type ClassName struct {
	Class       string  `json:"class"`
	Probability float64 `json:"probability"`
}
