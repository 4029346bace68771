package backend

import (
	"errors"
	"slices"
	"strings"
)

// fault is an error in two parts, so that several can be told in one sentence: what happened, and what to do.
type fault struct{ what, advice string }

func (f *fault) Error() string { return f.what + ": " + f.advice }

// together is one error for several: first everything that happened, then everything that can be done about it.
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
