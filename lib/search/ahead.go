package search

import (
	"sync/atomic"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/supernet"
)

// ahead compiles in the background what later phases will call and the current one doesn't: a few pieces, since the
// executables of operations depend on neither the depth nor the edges' subsets. So a phase of 17 cells starts as fast as one of 5.
type ahead struct {
	stopped atomic.Bool
	done    chan struct{}
}

func (t *Search) compileAhead() *ahead {
	a := &ahead{done: make(chan struct{})}
	var plans []*block.Plan
	for phase := t.phase + 1; phase < len(t.phases); phase++ {
		plans = append(plans, t.later(phase))
	}
	go func() {
		defer close(a.done)
		for _, p := range plans {
			for _, c := range p.Calls {
				if a.stopped.Load() {
					return
				}
				// an error comes back when the phase is entered
				t.engine.Prepare(&block.Plan{Calls: []block.PlannedCall{c}}, block.Train, block.Separate, nil)
			}
		}
	}()
	return a
}

// later is what the steps of a later phase call, whichever operations it will keep.
func (t *Search) later(phase int) *block.Plan {
	space := supernet.FullSpace()
	net, objective := t.network(phase, space)
	arch := supernet.NewArch(space, t.settings.Partial > 1, 0)
	arch.Auxiliary = t.settings.AuxiliarySkip
	return planned(net, t.mix(phase, arch), objective)
}

// stop returns when nothing is compiled any more.
func (a *ahead) stop() {
	a.stopped.Store(true)
	<-a.done
}
