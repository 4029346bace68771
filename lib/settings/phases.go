package settings

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/essnas/essnas/lib/cell"
)

// Phase is a part of a progressive search (arXiv:1904.12760): a network of its own depth and width
// with this many operations on each edge. The dropout of skip connections decays from SkipDropout.
// A phase takes Epochs epochs; alphas and betas are frozen in the first Frozen of them.
type Phase struct {
	Cells, Channels, Operations int
	SkipDropout                 float64
	Epochs, Frozen              int
}

// String returns the form that ParsePhases reads, with all its parts.
func (p Phase) String() string {
	return fmt.Sprintf("%dx%d/%d/%g/%d/%d", p.Cells, p.Channels, p.Operations, p.SkipDropout, p.Epochs, p.Frozen)
}

// phaseForm is the form of a phase.
const phaseForm = "CELLSxCHANNELS/OPERATIONS/SKIP-DROPOUT/EPOCHS/FROZEN-EPOCHS"

// ParsePhases reads phases of the form CELLSxCHANNELS/OPERATIONS/SKIP-DROPOUT/EPOCHS/FROZEN-EPOCHS,
// separated by spaces. Only cells and operations are required, as in "5/8 11/5/0.4 17/3/0.7".
// Omitted parts at the right, and omitted channels, are those of the phase as. The operations of as
// are the size of the search space; 0 stands for the eight of DARTS. In a smaller space, a phase
// with more operations keeps all of the space. In a larger space, a first phase with eight
// operations has all of the space. ParsePhases returns an error that names the invalid phase.
func ParsePhases(text string, as Phase) (phases []Phase, err error) {
	all := as.Operations
	if all == 0 {
		all = len(cell.Primitives)
	}
	for _, word := range strings.Fields(text) {
		p, ok := parsePhase(word, as)
		if !ok {
			return nil, fmt.Errorf("phase %q can't be read: want %s, at least CELLS/OPERATIONS, like 11/5/0.4", word, phaseForm)
		}
		// The phases of the papers count the eight operations of DARTS: the first phase has all.
		if all < len(cell.Primitives) {
			p.Operations = min(p.Operations, all)
		} else if len(phases) == 0 && p.Operations == len(cell.Primitives) {
			p.Operations = all
		}
		phases = append(phases, p)
	}
	for i, p := range phases {
		switch {
		case p.Cells < 3:
			return nil, fmt.Errorf("phase %s has %d cells: a network needs at least 3, for its two reductions", p, p.Cells)
		case p.Cells > mostCells || p.Channels > mostChannels:
			return nil, fmt.Errorf("phase %s has %d cells and %d channels: want at most %d and %d", p, p.Cells, p.Channels, mostCells, mostChannels)
		case p.Operations < 2 || p.Operations > all:
			return nil, fmt.Errorf("phase %s keeps %d operations: want 2 to %d", p, p.Operations, all)
		case i == 0 && p.Operations != all:
			return nil, fmt.Errorf("phase %s comes first and keeps %d operations: it has to start with all %d", p, p.Operations, all)
		case i > 0 && p.Operations > phases[i-1].Operations:
			return nil, fmt.Errorf("phase %s keeps more operations than the one before it, %s", p, phases[i-1])
		case !(p.SkipDropout >= 0 && p.SkipDropout < 1):
			return nil, fmt.Errorf("phase %s has a dropout rate of %g: want 0 <= rate < 1", p, p.SkipDropout)
		case p.Epochs < 1 || p.Frozen < 0:
			return nil, fmt.Errorf("phase %s has %d epochs, %d of them frozen: want at least 1 and 0", p, p.Epochs, p.Frozen)
		}
	}
	return phases, nil
}

func parsePhase(word string, p Phase) (Phase, bool) {
	parts := strings.Split(word, "/")
	if len(parts) < 2 || len(parts) > 5 {
		return p, false
	}
	ok := true
	whole := func(text string, to *int) {
		n, err := strconv.Atoi(text)
		*to, ok = n, ok && err == nil
	}
	cells, channels, wide := strings.Cut(parts[0], "x")
	whole(cells, &p.Cells)
	if wide {
		whole(channels, &p.Channels)
	}
	whole(parts[1], &p.Operations)
	if len(parts) > 2 {
		rate, err := strconv.ParseFloat(parts[2], 64)
		p.SkipDropout, ok = rate, ok && err == nil
	}
	if len(parts) > 3 {
		whole(parts[3], &p.Epochs)
	}
	if len(parts) > 4 {
		whole(parts[4], &p.Frozen)
	}
	return p, ok
}

// PhaseList returns the phases of a search with all their parts: those of the setting phases, or
// one phase with all operations. It returns an error if the setting can't be read or a phase does
// not fit the other settings.
func (s Search) PhaseList() ([]Phase, error) {
	one := Phase{Cells: s.Cells, Channels: s.Channels, Operations: len(s.Space().Operations), Epochs: s.Epochs, Frozen: s.Frozen}
	if strings.TrimSpace(s.Phases) == "" {
		return []Phase{one}, nil
	}
	phases, err := ParsePhases(s.Phases, one)
	for _, p := range phases {
		if err := s.divide(p.Channels); err != nil {
			return nil, fmt.Errorf("phase %s: %w", p, err)
		}
	}
	return phases, err
}

// Dropout returns the dropout rate of skip connections in an epoch of the phase, counted from 0.
// The rate falls linearly from SkipDropout while the architecture is frozen, and exponentially from
// SkipDropout afterwards (the schedule of P-DARTS' code).
func (p Phase) Dropout(epoch int) float64 {
	if epoch < p.Frozen {
		return p.SkipDropout * float64(p.Epochs-epoch-1) / float64(p.Epochs)
	}
	return p.SkipDropout * math.Exp(-0.2*float64(epoch-p.Frozen))
}
