package search

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/supernet"
)

// State implements fit.Task.
func (t *Search) State() (fit.State, error) {
	t.syncHost()
	space, err := json.Marshal(t.arch.Space)
	if err != nil {
		return fit.State{}, err
	}
	s, err := t.Base.State()
	if err != nil {
		return s, err
	}
	s.Meta["phase"], s.Meta["operations"] = strconv.Itoa(t.phase), string(space)
	if t.settings.SSBalance > 0 && t.objective.mixed() {
		s.Meta["balance"] = exact(t.balance[:])
	}
	if t.settings.StopSkips > 0 {
		s.Meta["epochs"] = exact(t.lengths)
	}
	t.adam.Save(s, "adam")
	flat := t.arch.Flat()
	s.Arrays["architecture"] = fit.Array{Shape: []int{len(flat)}, F32: flat}
	return s, nil
}

// Restore implements fit.Task.
func (t *Search) Restore(s fit.State) error {
	const remedy = "it was written with other settings or by another version; restart the run"
	phase, err := strconv.Atoi(s.Meta["phase"])
	if err != nil || phase < 0 || phase >= len(t.phases) {
		return fmt.Errorf("the checkpoint is in phase %q, this search has %d: %s", s.Meta["phase"], len(t.phases), remedy)
	}
	var space supernet.Space
	if err := json.Unmarshal([]byte(s.Meta["operations"]), &space); err != nil {
		return fmt.Errorf("the checkpoint's operations can't be read (%v): %s", err, remedy)
	}
	t.Enter(phase, space)
	if t.settings.SSBalance > 0 && t.objective.mixed() {
		if err := json.Unmarshal([]byte(s.Meta["balance"]), &t.balance); err != nil {
			return fmt.Errorf("the checkpoint's balance can't be read (%v): %s", err, remedy)
		}
	}
	if t.settings.StopSkips > 0 {
		if err := json.Unmarshal([]byte(s.Meta["epochs"]), &t.lengths); err != nil || len(t.lengths) != len(t.phases) {
			return fmt.Errorf("the checkpoint's epochs of each phase can't be read: %s", remedy)
		}
	}
	flat := s.Arrays["architecture"].F32
	if len(flat) != len(t.arch.Flat()) {
		return fmt.Errorf("the checkpoint has %d alphas and betas, this search %d: %s", len(flat), len(t.arch.Flat()), remedy)
	}
	t.arch.SetFlat(flat)
	t.updateMixing()
	if err := t.adam.Load(s, "adam"); err != nil {
		return err
	}
	if err := t.Base.Restore(s); err != nil || phase == 0 {
		return err
	}
	// the caller's Prepare compiled the first phase only
	return t.Engine.Prepare(t.Plan(), block.Train, block.Separate, nil)
}

// Begin starts the search with the weights and the architecture of an earlier one with one phase,
// in the same space and with the same network. It returns an error if the state belongs to another
// search.
func (t *Search) Begin(from fit.State, _ bool) error {
	flat := from.Arrays["architecture"].F32
	if len(flat) != len(t.arch.Flat()) {
		return fmt.Errorf("the earlier search has %d alphas and betas, this one %d: begin with a search in the same space", len(flat), len(t.arch.Flat()))
	}
	t.arch.SetFlat(flat)
	t.updateMixing()
	return fit.LoadParams(from, t.Params)
}

// exact returns JSON that represents float64 numbers bit by bit.
func exact(numbers any) string {
	text, err := json.Marshal(numbers)
	if err != nil {
		panic(err) // the numbers are finite
	}
	return string(text)
}
