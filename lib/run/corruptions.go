package run

import "github.com/essnas/essnas/lib/score"

// Corrupted is corruptions.json: the accuracy of a trained network on corrupted test images, after
// its training had ended. All rates lie in 0..1.
type Corrupted struct {
	Data    string         `json:"data"`
	Sample  bool           `json:"sample"` // the embedded sample, not the whole data set
	Epoch   int            `json:"epoch"`  // of the weights, counted from 1
	Images  int            `json:"images"` // test images, the first ones
	Seed    uint64         `json:"seed"`
	Names   []string       `json:"names"` // of the corruptions, in the order of Rows
	Clean   float64        `json:"clean_error"`
	CleanIn score.Interval `json:"clean_error_95"`
	// Error is the mean over the corruptions that count, all severities and all images; its interval
	// is that of a mean over images.
	Error   float64        `json:"mean_corruption_error"`
	ErrorIn score.Interval `json:"mean_corruption_error_95"`
	Rows    []Corruption   `json:"corruptions"`
	// Picture is the first test image, [height][width][channels], from which the page makes its
	// examples.
	Picture []byte `json:"picture"`
	Done    string `json:"corrupted"` // RFC 3339
}

// Corruption is one of Corrupted's rows.
type Corruption struct {
	Name  string    `json:"name"`
	Kind  string    `json:"kind"`
	Extra bool      `json:"extra,omitempty"` // does not count in the mean
	Error []float64 `json:"error"`           // by severity
	Mean  float64   `json:"mean_error"`
}

// Corrupting is corruptions-progress.json: corruptions whose images have not all been classified.
type Corrupting struct {
	Images int      `json:"images"`
	Seed   uint64   `json:"seed"`
	Names  []string `json:"names"`
	// Wrong are the wrong answers so far: those of clean images, and those of each corruption and
	// severity in their order, each as the numbers of the images.
	Wrong [][]int `json:"wrong"`
}

// Corruptions is the result of corruptions; nil when there was none. It returns an error where the
// file is damaged.
func (r *Run) Corruptions() (*Corrupted, error) {
	var c Corrupted
	found, err := r.Read("corruptions.json", &c)
	if !found {
		return nil, err
	}
	return &c, nil
}
