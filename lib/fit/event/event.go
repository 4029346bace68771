// Package event defines the kinds of events and the metrics that the training loop reports. The
// record of a run contains them. Readers of runs share this package with the loop, and thus need
// not link XLA.
package event

import (
	"encoding/json"
	"math"
)

// Metrics are numbers by name: loss, accuracy, learning rate.
type Metrics map[string]float64

// MarshalJSON writes NaN and infinities, which JSON can't represent, as null.
func (m Metrics) MarshalJSON() ([]byte, error) {
	finite := make(map[string]*float64, len(m))
	for name, x := range m {
		finite[name] = nil
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			finite[name] = &x
		}
	}
	return json.Marshal(finite)
}

// UnmarshalJSON reads the JSON of MarshalJSON; null becomes NaN. It returns an error for other
// text.
func (m *Metrics) UnmarshalJSON(text []byte) error {
	var read map[string]*float64
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	*m = make(Metrics, len(read))
	for name, x := range read {
		(*m)[name] = math.NaN()
		if x != nil {
			(*m)[name] = *x
		}
	}
	return nil
}

// Kind is the kind of an event.
type Kind string

const (
	// Begin occurs once, before the first step, with the position at which the run starts or
	// continues.
	Begin Kind = "begin"
	// EndOfStep and EndOfEpoch follow each step and each epoch.
	EndOfStep  Kind = "step"
	EndOfEpoch Kind = "epoch"
	// Saving precedes the writing of a checkpoint: observers should write earlier events to disk
	// first.
	Saving Kind = "saving"
	// Note is a remark for the user.
	Note Kind = "note"
)
