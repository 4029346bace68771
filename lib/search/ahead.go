package search

import (
	"sync/atomic"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/supernet"
)

// ahead compiles, in the background, the blocks that later phases need and the current one does
// not. These are few: the executables of operations depend neither on the depth nor on the
// operations kept on an edge. A phase of 17 cells therefore starts as fast as one of 5.
type ahead struct {
	stopped atomic.Bool
	done    chan struct{}
}

func (t *Search) compileAhead() *ahead {
	a := &ahead{done: make(chan struct{})}
	var plans []*block.Plan
	for phase := t.phase + 1; phase < len(t.phases); phase++ {
		plans = append(plans, t.laterPlan(phase))
	}
	go func() {
		defer close(a.done)
		for _, p := range plans {
			for _, c := range p.Calls {
				if a.stopped.Load() {
					return
				}
				// Enter returns the error of a block that does not compile
				t.Engine.Prepare(&block.Plan{Calls: []block.PlannedCall{c}}, block.Train, block.Separate, nil)
			}
		}
	}()
	return a
}

// laterPlan returns the calls of a step of a later phase, for all operations that it may keep.
func (t *Search) laterPlan(phase int) *block.Plan {
	space := supernet.UniformSpace(t.settings.Space())
	net, objective := t.network(phase, space)
	arch := supernet.NewArch(space, t.settings.Partial > 1, 0)
	arch.Auxiliary = t.settings.AuxiliarySkip
	return planned(net, t.mix(phase, arch), objective)
}

// stop waits for the end of all compilations.
func (a *ahead) stop() {
	a.stopped.Store(true)
	<-a.done
}
