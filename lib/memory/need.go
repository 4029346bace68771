package memory

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/run"
)

// Measured values of XLA on a CPU.
const (
	program = 230 << 20 // the program, XLA, and the executables of a search
	waste   = 0.28      // of a pass's arrays: freed ones that are too small for the next arrays
)

// Of estimates the need of a run with these training images and passes. The optimizer keeps moments
// numbers for each weight. On a CPU the need covers all devices of the engine, on a GPU each single
// device. Of returns an error if a pass can't be traced.
func Of(e *block.Engine, set *data.Set, moments int, passes ...block.Pass) (run.Need, error) {
	n := run.Need{Process: program, Images: int64(len(set.Train.Pixels) + len(set.Test.Pixels)), Pictures: int64(len(set.Train.Pixels)), Saving: e.Saving.String()}
	for _, p := range passes {
		m, err := e.Memory(p)
		if err != nil {
			return n, err
		}
		if m.Total() > n.Pass.Total() {
			n.Pass = m
		}
		n.Moments = max(n.Moments, int64(moments)*m.Weights)
	}
	n.Save = n.Pass.Weights + n.Moments
	pass := n.Pass.Total() + int64(waste*float64(n.Pass.Arrays))
	if e.SeparateMemory() {
		n.Total = n.Pictures + n.Moments + pass
	} else {
		n.Total = n.Process + n.Images + n.Pictures + n.Moments + n.Save + int64(e.Width())*pass
	}
	return n, nil
}
