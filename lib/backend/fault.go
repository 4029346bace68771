package backend

import (
	"errors"
	"slices"
	"strings"
)

// fault is an error in two parts, the event and the advice, so that one sentence can report several
// faults.
type fault struct{ what, advice string }

// Error joins both parts.
func (f *fault) Error() string { return f.what + ": " + f.advice }

// together joins several errors: first all events, then all advice.
func together(faults []error) error {
	var what, advice []string
	add := func(list *[]string, s string) {
		if !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
	for _, err := range faults {
		if f, ok := errors.AsType[*fault](err); ok {
			add(&what, f.what)
			add(&advice, f.advice)
		} else {
			add(&what, err.Error())
		}
	}
	f := &fault{strings.Join(what, ", and "), strings.Join(advice, "; or ")}
	if f.advice == "" {
		return errors.New(f.what)
	}
	return f
}
