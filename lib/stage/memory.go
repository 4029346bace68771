package stage

import (
	"fmt"
	"sort"
	"strings"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/memory"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
)

// This file ensures, before a run begins, that it fits into the available memory.

// smaller reduces settings to need less memory; zeros change nothing.
type smaller struct{ batch, channels int }

// demand estimates the memory of a stage from its settings.
type demand struct {
	options         block.Options // of its engine
	batch, channels int
	need            func(e *block.Engine, c smaller) (run.Need, error)
}

// demandOf returns the demand of a stage with these settings. size returns pointers to the two
// fields that advice may reduce.
func demandOf[S interface{ Validate() error }](settings S, o block.Options, size func(*S) (batch, channels *int), need func(e *block.Engine, s S) (run.Need, error)) demand {
	batch, channels := size(&settings)
	return demand{o, *batch, *channels, func(e *block.Engine, c smaller) (run.Need, error) {
		s := settings
		batch, channels := size(&s)
		if c.batch > 0 {
			*batch = c.batch
		}
		if c.channels > 0 {
			*channels = c.channels
		}
		if err := s.Validate(); err != nil {
			return run.Need{}, err
		}
		return need(e, s)
	}}
}

// errorOfNeed is the relative error of an estimated need.
const errorOfNeed = 0.2

// fits decides whether backward passes save their activations or recompute them, and records the
// estimated memory. A continued run never changes from recomputing to saving. On a GPU, where the
// bits would differ, it keeps its choice. fits returns an error if the memory is too small, and
// warns if the estimate leaves that open.
func (l *Env) fits(r *run.Run, b *backend.Backend, d demand) (block.Saving, error) {
	e, err := block.Open(b, d.options)
	if err != nil {
		return 0, err
	}
	room, known := l.Memory, l.Memory > 0
	if !known {
		room, known = memory.Room(b)
	}
	begun := r.Config.Memory
	if begun != nil && begun.Saving == block.SaveLittle.String() {
		e.Saving = block.SaveLittle
	}
	n, err := d.need(e, smaller{})
	if err == nil && known && n.Total > room && e.Saving == block.SaveAll && (begun == nil || !b.GPU()) {
		e.Saving = block.SaveLittle
		n, err = d.need(e, smaller{})
	}
	if err != nil {
		return 0, err
	}
	if known && n.Total > room {
		if err := l.short(r, d, e, n, room); err != nil {
			return 0, err
		}
	}
	r.Config.Memory = &run.Memory{Need: n, Room: room}
	return e.Saving, r.Write("config.json", r.Config)
}

// short handles a run whose estimate exceeds the available memory. It returns an error with advice
// if the run can't fit, and warns with the same advice if the estimate leaves that open.
func (l *Env) short(r *run.Run, d demand, e *block.Engine, n run.Need, room int64) error {
	s, err := of(r)
	if err != nil {
		return err
	}
	short := fmt.Sprintf("%s needs about %s of memory, and %s are available", s.Noun, report.Size(n.Total), report.Size(room))
	advice := d.advice(e, room)
	if float64(n.Total) > (1+errorOfNeed)*float64(room) {
		return fmt.Errorf("the %s: %s, or end other programs; --memory %s tries it nevertheless", short, advice, strings.ReplaceAll(report.Size(n.Total+n.Total/10), " ", ""))
	}
	l.progress().say("this %s: it may fail; %s", short, advice)
	return nil
}

// advice returns a smaller setting that would fit into room bytes, as flags.
func (d demand) advice(e *block.Engine, room int64) string {
	fits := func(c smaller) bool {
		n, err := d.need(e, c)
		return err == nil && n.Total <= room
	}
	unit := e.Width()
	batches := []int{2 * unit, 4 * unit}
	for b := 8 * unit; b < d.batch; b += 8 * unit {
		batches = append(batches, b)
	}
	if i := sort.Search(len(batches), func(i int) bool { return batches[i] >= d.batch || !fits(smaller{batch: batches[i]}) }); i > 0 {
		return fmt.Sprintf("--batch %d would fit", batches[i-1])
	}
	for c := d.channels / 2; c > 1; c /= 2 {
		if fits(smaller{batch: 2 * unit, channels: c}) {
			return fmt.Sprintf("--batch %d with --channels %d would fit", 2*unit, c)
		}
	}
	return "no smaller batch and no fewer channels would fit: take fewer cells, or a machine with more memory"
}
