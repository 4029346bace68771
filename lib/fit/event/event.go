// Package event has the words in which a fitting tells what it has done: kinds of events, and
// metrics. They stand in the record of a run, so whatever reads a run shares them with the loop
// that writes it, and links no XLA for that.
package event

import (
	"encoding/json"
	"math"
)

// Metrics are numbers by name: loss, accuracy, learning rate.
type Metrics map[string]float64

// MarshalJSON writes NaN and infinities, for which JSON has no words, as null.
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

// UnmarshalJSON reads the result of MarshalJSON; null becomes NaN. It returns an error for other
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
	// Saving precedes the writing of a checkpoint: records of earlier events should be on disk by
	// then.
	Saving Kind = "saving"
	// Note is a remark for a person.
	Note Kind = "note"
)
