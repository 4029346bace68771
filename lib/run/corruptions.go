package run

import "github.com/essnas/essnas/lib/score"

// Corrupted is corruptions.json: the error rates of a trained network on corrupted test images,
// after the end of the training. All rates lie in 0..1.
type Corrupted struct {
	Data    string         `json:"data"`
	Sample  bool           `json:"sample"` // the embedded sample, not the whole data set
	Epoch   int            `json:"epoch"`  // of the weights, counted from 1
	Images  int            `json:"images"` // number of test images, from the first on
	Seed    uint64         `json:"seed"`
	Names   []string       `json:"names"` // of the corruptions, in the order of Rows
	Clean   float64        `json:"clean_error"`
	CleanIn score.Interval `json:"clean_error_95"`
	// Error is the mean over all standard corruptions, severities and images. Its interval is that of
	// a mean over images.
	Error   float64        `json:"mean_corruption_error"`
	ErrorIn score.Interval `json:"mean_corruption_error_95"`
	Rows    []Corruption   `json:"corruptions"`
	// Picture is the first test image, [height][width][channels]. The page shows it corrupted.
	Picture []byte `json:"picture"`
	Done    string `json:"corrupted"` // RFC 3339
}

// Corruption is one of Corrupted's rows.
type Corruption struct {
	Name  string    `json:"name"`
	Kind  string    `json:"kind"`
	Extra bool      `json:"extra,omitempty"` // not a standard corruption: the mean leaves it out
	Error []float64 `json:"error"`           // by severity
	Mean  float64   `json:"mean_error"`
}

// Corrupting is corruptions-progress.json: the progress of a test on corrupted images.
type Corrupting struct {
	Images int      `json:"images"`
	Seed   uint64   `json:"seed"`
	Names  []string `json:"names"`
	// Wrong has the indices of misclassified images so far: those of the clean images, then those of
	// each corruption and severity, in their order.
	Wrong [][]int `json:"wrong"`
}

// Corruptions returns the result of the test on corrupted images, or nil if there was none. It
// returns an error if the file is damaged.
func (r *Run) Corruptions() (*Corrupted, error) {
	var c Corrupted
	found, err := r.Read("corruptions.json", &c)
	if !found {
		return nil, err
	}
	return &c, nil
}
