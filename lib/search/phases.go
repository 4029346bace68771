package search

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/essnas/essnas/lib/ops"
)

// Phase is a part of a progressive search (arXiv:1904.12760): a network of its own depth, with so many operations kept on
// each edge, whose skip connections lose values at a rate that decays from SkipDropout.
type Phase struct {
	Cells, Operations int
	SkipDropout       float64
}

// String is the form that ParsePhases reads: CELLS/OPERATIONS/DROPOUT.
func (p Phase) String() string { return fmt.Sprintf("%d/%d/%g", p.Cells, p.Operations, p.SkipDropout) }

// ParsePhases reads phases in words of the form CELLS/OPERATIONS or CELLS/OPERATIONS/DROPOUT, "5/8 11/5/0.4 17/3/0.7".
func ParsePhases(text string) (phases []Phase, err error) {
	for _, word := range strings.Fields(text) {
		parts := strings.Split(word, "/")
		var p Phase
		bad := len(parts) < 2 || len(parts) > 3
		if !bad {
			var err1, err2, err3 error
			p.Cells, err1 = strconv.Atoi(parts[0])
			p.Operations, err2 = strconv.Atoi(parts[1])
			if len(parts) == 3 {
				p.SkipDropout, err3 = strconv.ParseFloat(parts[2], 64)
			}
			bad = err1 != nil || err2 != nil || err3 != nil
		}
		if bad {
			return nil, fmt.Errorf("phase %q can't be read: want CELLS/OPERATIONS or CELLS/OPERATIONS/DROPOUT, like 11/5/0.4", word)
		}
		phases = append(phases, p)
	}
	for i, p := range phases {
		switch {
		case p.Cells < 3:
			return nil, fmt.Errorf("phase %s has %d cells: a network needs at least 3, for its two reductions", p, p.Cells)
		case p.Operations < 2 || p.Operations > len(ops.Primitives):
			return nil, fmt.Errorf("phase %s keeps %d operations: want 2 to %d", p, p.Operations, len(ops.Primitives))
		case i == 0 && p.Operations != len(ops.Primitives):
			return nil, fmt.Errorf("phase %s comes first and keeps %d operations: it has to start with all %d", p, p.Operations, len(ops.Primitives))
		case i > 0 && p.Operations > phases[i-1].Operations:
			return nil, fmt.Errorf("phase %s keeps more operations than the one before it, %s", p, phases[i-1])
		case !(p.SkipDropout >= 0 && p.SkipDropout < 1):
			return nil, fmt.Errorf("phase %s has a dropout rate of %g: want 0 <= rate < 1", p, p.SkipDropout)
		}
	}
	return phases, nil
}

// phases of a search: one with all operations, unless the setting names several.
func (s Settings) phases() ([]Phase, error) {
	if s.Phases == "" {
		return []Phase{{Cells: s.Cells, Operations: len(ops.Primitives)}}, nil
	}
	return ParsePhases(s.Phases)
}

// dropout is the rate in an epoch of a phase: it falls linearly while the architecture is frozen and exponentially
// after that, starting from the phase's rate each time (the reference's schedule).
func (p Phase) dropout(epoch, epochs, frozen int) float64 {
	if epoch < frozen {
		return p.SkipDropout * float64(epochs-epoch-1) / float64(epochs)
	}
	return p.SkipDropout * math.Exp(-0.2*float64(epoch-frozen))
}
