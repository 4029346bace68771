package attack

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Options are the settings of an attack. A zero selects the default of the method.
type Options struct {
	Method string    `json:"method"` // see Methods
	Eps    []float64 `json:"eps"`    // radii of the balls, in 0..1, ascending
	Norm   string    `json:"norm"`   // linf or l2
	Seed   uint64    `json:"seed"`
	// Steps is the number of steps of pgd (default 10), apgd and fab (100).
	Steps int `json:"steps,omitempty"`
	// Step is the step of pgd in units of epsilon (default 1/4: 2/255 at 8/255).
	Step float64 `json:"step,omitempty"`
	// Restarts is the number of starts of pgd and apgd (default 1).
	Restarts int `json:"restarts,omitempty"`
	// Centre starts pgd at the image itself instead of a random point of the ball. pgd then draws
	// no random numbers.
	Centre bool `json:"centre,omitempty"`
	// Queries is the number of queries of square (default 5000).
	Queries int `json:"queries,omitempty"`
	// Targets is the number of target classes of apgd-t and fab-t (default 9, at most all others).
	Targets int `json:"targets,omitempty"`
}

// Methods returns the names for Options.Method, from the weakest to the strongest.
func Methods() []string {
	return []string{"fgsm", "pgd", "square", "apgd-ce", "apgd-dlr", "apgd", "apgd-t", "fab-t", "autoattack"}
}

// Standard returns the attacks of autoattack in their order.
func Standard() []string { return []string{"apgd-ce", "apgd-t", "fab-t", "square"} }

// Complete checks the options for a classifier with this number of classes and fills in the
// defaults. It returns an error that names the first invalid option.
func (o Options) Complete(classes int) (Options, error) {
	if !slices.Contains(Methods(), o.Method) {
		return o, fmt.Errorf("unknown attack %q: give one of %s", o.Method, strings.Join(Methods(), ", "))
	}
	norm, err := ParseNorm(o.Norm)
	if err != nil {
		return o, err
	}
	o.Norm = norm.String()
	if len(o.Eps) == 0 {
		return o, fmt.Errorf("epsilon is missing: give one or several, as 8/255")
	}
	o.Eps = slices.Clone(o.Eps)
	slices.Sort(o.Eps)
	for _, e := range o.Eps {
		if !(e > 0) || math.IsInf(e, 0) || norm == LInf && e > 1 {
			return o, fmt.Errorf("epsilon is %g: pixels lie in 0..1, so give more than 0 and at most 1, as 8/255", e)
		}
	}
	if o.Eps = slices.Compact(o.Eps); norm == L2 {
		for _, name := range o.parts() {
			if name == "square" || name == "fab-t" {
				return o, fmt.Errorf("%s supports linf only: give --norm linf, or one of fgsm, pgd, apgd", name)
			}
		}
	}
	if o.Steps < 0 || o.Restarts < 0 || o.Queries < 0 || o.Targets < 0 || o.Step < 0 {
		return o, fmt.Errorf("steps, step, restarts, queries and targets can't be negative")
	}
	for _, name := range o.parts() {
		need := map[string]int{"apgd-dlr": 3, "apgd-t": 4}[name]
		if classes < max(2, need) {
			return o, fmt.Errorf("%s compares the logits of %d classes, but there are %d: use apgd-ce", name, max(2, need), classes)
		}
	}
	set := func(x *int, to int) {
		if *x == 0 {
			*x = to
		}
	}
	uses := func(names ...string) bool {
		return slices.ContainsFunc(o.parts(), func(p string) bool { return slices.Contains(names, p) })
	}
	if uses("pgd") {
		set(&o.Steps, 10)
		if o.Step == 0 {
			o.Step = 0.25
		}
	}
	if uses("apgd-ce", "apgd-dlr", "apgd-t", "fab-t") {
		set(&o.Steps, 100)
	}
	if uses("pgd", "apgd-ce", "apgd-dlr", "apgd-t") {
		set(&o.Restarts, 1)
	}
	if uses("square") {
		set(&o.Queries, 5000)
	}
	if uses("apgd-t", "fab-t") {
		set(&o.Targets, 9)
		o.Targets = min(o.Targets, classes-1)
	}
	return o, nil
}

// parts returns the attacks of a method.
func (o Options) parts() []string {
	switch o.Method {
	case "apgd":
		return []string{"apgd-ce", "apgd-dlr"}
	case "autoattack":
		return Standard()
	}
	return []string{o.Method}
}

// methods returns the parts as methods that can run. The options must be complete.
func (o Options) methods() (all []method) {
	for _, name := range o.parts() {
		switch name {
		case "fgsm":
			all = append(all, fgsm{})
		case "pgd":
			all = append(all, pgd{steps: o.Steps, step: o.Step, restarts: o.Restarts, start: !o.Centre})
		case "apgd-ce", "apgd-dlr":
			all = append(all, apgd{steps: o.Steps, restarts: o.Restarts, dlr: name == "apgd-dlr"})
		case "apgd-t":
			all = append(all, apgd{steps: o.Steps, restarts: o.Restarts, targets: o.Targets})
		case "fab-t":
			all = append(all, fab{steps: o.Steps, targets: o.Targets})
		case "square":
			all = append(all, square{queries: o.Queries})
		}
	}
	return all
}

// every reports whether the attack treats every image with every epsilon, so that the results form
// a curve. Other attacks skip images for which an earlier attack succeeded.
func (o Options) every() bool { return o.Method == "fgsm" || o.Method == "pgd" }
