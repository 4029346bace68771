package search

import (
	"cmp"
	"slices"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/memory"
	"github.com/essnas/essnas/lib/ops"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/supernet"
	"github.com/essnas/essnas/lib/task"
)

// Need estimates the memory of a search in its largest phase, in the step of the weights: the step
// of the architecture computes fewer gradients. The operations of later phases are unknown, so Need
// assumes the most expensive ones. It returns an error if a pass can't be traced.
func Need(e *block.Engine, set *data.Set, s settings.Search) (run.Need, error) {
	phases, err := s.PhaseList()
	if err != nil {
		return run.Need{}, err
	}
	t := &Search{Base: task.Base{Engine: e}, settings: s, phases: phases, backbone: backbone.Backbone{
		Classes: len(set.Classes), ImageChannels: set.Train.Channels, ImageSide: set.Train.Height, Batch: s.Batch / s.Devices, Partial: s.Partial, Probe: s.SSFactor == 1,
	}}
	var most run.Need
	for i, p := range phases {
		space := mostExpensive(s.Space(), p.Operations)
		net, o := t.network(i, space)
		arch := supernet.NewArch(space, s.Partial > 1, 0)
		arch.Auxiliary = s.AuxiliarySkip
		m := t.mix(i, arch)
		n, err := memory.Of(e, set, 1, block.Pass{
			Mode: block.Train, Back: block.Separate, Weights: true,
			Network: func(r block.Runner) []*block.Value {
				terms := o.forward(r, net, m, block.Sums(o.views()), &block.Value{})
				if terms.twins != nil {
					return append(terms.crossEntropy, terms.twins)
				}
				return terms.crossEntropy
			},
		})
		if err != nil {
			return n, err
		}
		most = most.Max(n)
		if !s.Robustness.On() {
			continue
		}
		if n, err = memory.Of(e, set, 1, block.Pass{
			Mode: block.Train, Back: block.Images,
			Network: func(r block.Runner) []*block.Value {
				return o.labelled().forward(r, net, m, block.Sums(1), &block.Value{}).crossEntropy
			},
		}); err != nil {
			return n, err
		}
		most = most.Max(n)
	}
	return most, nil
}

// mostExpensive returns a space with the n operations on every edge that save most for the backward
// pass.
func mostExpensive(space cell.Space, n int) supernet.Space {
	if n < len(space.Operations) {
		names := slices.Clone(space.Operations)
		slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(ops.SavedArrays(b), ops.SavedArrays(a)) })
		space.Operations = names[:n]
	}
	return supernet.UniformSpace(space)
}
