package run

import "github.com/essnas/essnas/lib/score/calibration"

// Calibrated is calibration.json: the calibration of a trained network on the test images, as
// trained and with logits divided by a temperature. The temperature is fitted on validation images.
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

// Calibration returns the result of the calibration, or nil if there was none. It returns an error
// if the file is damaged.
func (r *Run) Calibration() (*Calibrated, error) {
	var c Calibrated
	found, err := r.Read("calibration.json", &c)
	if !found {
		return nil, err
	}
	return &c, nil
}
