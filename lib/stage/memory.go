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

// This file sees to it before a run begins that it will fit into the memory there is.

// smaller changes settings so that less memory is needed; zeros change nothing.
type smaller struct{ batch, channels int }

// demand is what memory a stage needs, and how large its settings are.
type demand struct {
	options         block.Options // of its engine
	batch, channels int
	need            func(e *block.Engine, c smaller) (memory.Need, error)
}

// demandOf is the demand of a stage with these settings: size points at the fields that may be made smaller.
func demandOf[S interface{ Validate() error }](settings S, o block.Options, size func(*S) (batch, channels *int), need func(e *block.Engine, s S) (memory.Need, error)) demand {
	batch, channels := size(&settings)
	return demand{o, *batch, *channels, func(e *block.Engine, c smaller) (memory.Need, error) {
		s := settings
		batch, channels := size(&s)
		if c.batch > 0 {
			*batch = c.batch
		}
		if c.channels > 0 {
			*channels = c.channels
		}
		if err := s.Validate(); err != nil {
			return memory.Need{}, err
		}
		return need(e, s)
	}}
}

// errorOfNeed is how far the need can be wrong.
const errorOfNeed = 0.2

// fits chooses how much is saved for backward passes, and notes what is needed. A run that has begun never goes back to saving more, and on a GPU, where the bits would
// differ, it stays with what it has. It is an error when the memory won't do; when that is not certain it is told.
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

// short says that a run needs more than there is, and what to do; the error is that it can't begin.
func (l *Env) short(r *run.Run, d demand, e *block.Engine, n memory.Need, room int64) error {
	s, err := of(r)
	if err != nil {
		return err
	}
	short := fmt.Sprintf("%s needs about %s of memory, and there are %s", s.Noun, report.Size(n.Total), report.Size(room))
	advice := d.advice(e, room)
	if float64(n.Total) > (1+errorOfNeed)*float64(room) {
		return fmt.Errorf("the %s: %s, or end other programs; --memory %s tries it all the same", short, advice, strings.ReplaceAll(report.Size(n.Total+n.Total/10), " ", ""))
	}
	l.progress().say("this %s: it may fail; %s", short, advice)
	return nil
}

// advice is the setting that would fit.
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
	return "no smaller batch would fit, nor fewer channels: take fewer cells, or a machine with more memory"
}
