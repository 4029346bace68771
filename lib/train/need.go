package train

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/memory"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/task"
)

// Need estimates the memory of a training: its steps, with drop path as in the middle epoch, and
// its validation. It returns an error if a pass can't be traced.
func Need(e *block.Engine, set *data.Set, g cell.Genotype, s settings.Train) (run.Need, error) {
	if err := Fits(set.Train.Height, s); err != nil {
		return run.Need{}, err
	}
	t := &Training{Base: task.Base{Engine: e}, settings: s, net: networkOf(set, g, s)}
	t.loss = fit.CrossEntropy(t.net.Classes, t.net.Batch)
	passes := []block.Pass{
		{Mode: block.Train, Back: block.Joint, Weights: true, Network: func(r block.Runner) (ends []*block.Value) {
			masks := t.masks(0, 0)
			defer masks.Free()
			loss, auxiliary, _ := t.forward(r, &block.Value{}, &block.Value{}, masks)
			if auxiliary != nil {
				ends = append(ends, auxiliary)
			}
			return append(ends, loss)
		}},
		{Mode: block.Evaluate, Network: func(r block.Runner) []*block.Value {
			return []*block.Value{withoutTower(t.net).Run(r, &block.Value{}, nil).Logits}
		}},
	}
	if s.On() {
		passes = append(passes, block.Pass{Mode: block.Evaluate, Back: block.Images, Network: func(r block.Runner) []*block.Value {
			return []*block.Value{t.cleanLoss(r, &block.Value{}, &block.Value{})}
		}})
	}
	return memory.Of(e, set, 1, passes...)
}
