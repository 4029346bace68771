package run

import "github.com/essnas/essnas/lib/score/calibration"

// Calibrated is calibration.json: whether a trained network's probabilities are true on the test
// images, before and after its logits are divided by a temperature that its validation images have
// chosen.
type Calibrated struct {
	Data        string             `json:"data"`
	Sample      bool               `json:"sample"` // the embedded sample, not the whole data set
	Epoch       int                `json:"epoch"`  // of the weights, counted from 1
	Validation  int                `json:"validation_images"`
	Temperature float64            `json:"temperature"`
	Before      calibration.Result `json:"before"`
	After       calibration.Result `json:"after"`
	Calibrated  string             `json:"calibrated"` // RFC 3339
}

// Calibration is the result of the calibration; nil when there was none. It returns an error where
// the file is damaged.
func (r *Run) Calibration() (*Calibrated, error) {
	var c Calibrated
	found, err := r.Read("calibration.json", &c)
	if !found {
		return nil, err
	}
	return &c, nil
}
