package pretrain

import (
	"github.com/essnas/essnas/lib/barlow"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/memory"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
)

// Need estimates the memory of the steps of a pretraining. It returns an error if a pass can't be
// traced.
func Need(e *block.Engine, set *data.Set, g cell.Genotype, s settings.Pretrain) (run.Need, error) {
	sizes, err := s.Sizes()
	if err != nil {
		return run.Need{}, err
	}
	net := Network(g, s, set.Train.Channels, set.Train.Height)
	t := &Pretraining{settings: s, net: net, projector: barlow.Projector(net.Features(), sizes, net.Batch), loss: barlow.Loss(sizes[len(sizes)-1], net.Batch, s.Lambda)}
	moments := 1
	if s.Optimizer == "adam" {
		moments = 2
	}
	return memory.Of(e, set, moments, block.Pass{Mode: block.Train, Back: block.Joint, Weights: true, Network: func(r block.Runner) []*block.Value {
		return []*block.Value{t.forward(r, block.Sums(2))}
	}})
}
