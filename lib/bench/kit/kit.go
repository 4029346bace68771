package kit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/bench"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
)

// Kit describes the checks of a device.
type Kit struct {
	Backend backend.Choice  // backend.CUDA, or backend.Rehearsal
	Worker  []string        // command that calls Work
	Search  settings.Search // of the step and the minute; its blocks are checked
	// the network of a training, whose blocks are checked; nil: none
	Train    *settings.Train
	Minute   time.Duration // length of the search
	Patience time.Duration // time limit of a step other than the table
	Bench    bench.Bench   // the table
	Path     string        // the file; "" for none
	// Told, if not nil, hears of each step when it begins and, with its result, when it has ended.
	Told func(s Step, ended bool)
}

// Standard returns the kit of a device: the settings of PC-DARTS with the mixed loss and of the
// network that it found, with small batches for blocks and steps.
func Standard(device backend.Choice) (Kit, error) {
	c := settings.SearchChoice()
	c.Preset, c.Method = "slides", "pc-darts"
	s, err := c.Settings()
	if err != nil {
		return Kit{}, err
	}
	s.Batch, s.Frozen, s.SSFactor, s.Images = 16, 0, 0.5, 0
	t := settings.TrainChoice()
	t.Preset = "paper"
	n, err := t.Settings()
	if err != nil {
		return Kit{}, err
	}
	n.Batch = 8
	return Kit{Backend: device, Search: s, Train: &n, Minute: time.Minute, Patience: 10 * time.Minute}, nil
}

// steps are the names of the steps in their order.
var steps = []string{"machine", "plugin", "device", "blocks", "step float32", "step bf16", "search", "table"}

// Steps returns the names of the steps in their order.
func Steps() []string { return append([]string{}, steps...) }

// Run takes all steps and returns their report. The error of a step is in the report, and the next
// step follows. Run returns an error if the file can't be written or ctx ends; the report and the
// file then hold the steps so far.
func (k Kit) Run(ctx context.Context) (*Report, error) {
	r := &Report{Time: time.Now().UTC().Truncate(time.Second), Backend: string(k.Backend), Versions: run.Versions()}
	if err := r.write(k.Path); err != nil { // before the first minute of work
		return r, err
	}
	for _, name := range steps {
		s := Step{Name: name}
		if k.Told != nil {
			k.Told(s, false)
		}
		begin := time.Now()
		err := k.step(ctx, &s, r)
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		s.Seconds = time.Since(begin).Seconds()
		if err != nil {
			s.Error = err.Error()
		}
		r.Steps = append(r.Steps, s)
		if k.Told != nil {
			k.Told(s, true)
		}
		if err := r.write(k.Path); err != nil {
			return r, err
		}
	}
	return r, nil
}

// step takes one step.
func (k Kit) step(ctx context.Context, s *Step, r *Report) error {
	switch s.Name {
	case "blocks":
		return k.compareBlocks(ctx, s)
	case "step float32":
		return k.compareSteps(ctx, s, "float32", 1e-3)
	case "step bf16":
		return k.compareSteps(ctx, s, "bf16", 0.05)
	case "table":
		return k.table(ctx, s, r)
	}
	j := k.job(s.Name)
	j.Search, j.Minute = k.Search, k.Minute
	_, err := k.run(ctx, s, j, k.Backend)
	return err
}

// table measures the benchmark. A failed workload is in its report.
func (k Kit) table(ctx context.Context, s *Step, r *Report) (err error) {
	k.Bench.Backend, k.Bench.GPU = k.Backend, true
	k.Bench.Env = append(k.Bench.Env, stepVariable+"="+s.Name)
	if r.Table, err = k.Bench.Run(ctx); err != nil {
		return err
	}
	s.Text = r.Table.String()
	var failed []string
	for _, x := range r.Table.Results {
		if x.Error != "" {
			failed = append(failed, fmt.Sprintf("%s, %s: %s", x.Workload, x.Precision, x.Error))
		}
	}
	if len(failed) > 0 {
		return errors.New(strings.Join(failed, "; "))
	}
	s.Said = fmt.Sprintf("%d workloads", len(r.Table.Results))
	return nil
}
