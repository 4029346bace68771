package plugin

import (
	"errors"
	"slices"
	"strings"
)

// Fault is an error in two parts, the event and the advice, so that one sentence can report several
// faults.
type Fault struct{ Event, Advice string }

// Error joins both parts.
func (f *Fault) Error() string { return f.Event + ": " + f.Advice }

// Together joins several errors: first all events, then all advice.
func Together(faults []error) error {
	var events, advice []string
	add := func(list *[]string, s string) {
		if !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
	for _, err := range faults {
		if f, ok := errors.AsType[*Fault](err); ok {
			add(&events, f.Event)
			add(&advice, f.Advice)
		} else {
			add(&events, err.Error())
		}
	}
	f := &Fault{strings.Join(events, ", and "), strings.Join(advice, "; or ")}
	if f.Advice == "" {
		return errors.New(f.Event)
	}
	return f
}
