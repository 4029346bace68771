package network

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/memory"
	"github.com/essnas/essnas/lib/settings"
)

// Need estimates the memory of a training: its steps in the middle of its epochs, with dropped
// paths, and the validation. It returns an error if a pass can't be traced.
func Need(e *block.Engine, set *data.Set, g cell.Genotype, s settings.Train) (memory.Need, error) {
	im := set.Train
	t := &Training{settings: s, engine: e, net: New(g, s.Cells, s.Channels, len(set.Classes), im.Channels, im.Height, s.Batch/s.Devices, s.Auxiliary > 0)}
	t.loss = fit.CrossEntropy(t.net.Classes, t.net.Batch)
	tested := *t.net
	tested.Auxiliary = [2]int{}
	return memory.Of(e, set, 1,
		block.Pass{Mode: block.Train, Back: block.Joint, Weights: true, Network: func(r block.Runner) (ends []*block.Value) {
			masks := t.masks(0, 0)
			defer masks.Free()
			loss, auxiliary, _ := t.forward(r, &block.Value{}, &block.Value{}, masks)
			if auxiliary != nil {
				ends = append(ends, auxiliary)
			}
			return append(ends, loss)
		}},
		tested.classifying())
}

func (n *Network) classifying() block.Pass {
	return block.Pass{Mode: block.Evaluate, Network: func(r block.Runner) []*block.Value {
		out := n.Run(r, &block.Value{}, nil)
		if out.Logits == nil {
			return []*block.Value{out.Features}
		}
		return []*block.Value{out.Logits}
	}}
}

// Save sets how many activations are saved for backward passes. Call it before Prepare and the
// first step.
func (t *Training) Save(s block.Saving) { t.engine.Saving = s }
