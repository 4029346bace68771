package memory

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/data"
)

// Measured values of XLA on a CPU.
const (
	program = 230 << 20 // the program, XLA, and the executables of a search
	waste   = 0.28      // of a pass's arrays: freed ones that are too small for the next arrays
)

// Need is the memory of a run at its peak, in bytes.
type Need struct {
	Process  int64        `json:"process"`  // on the host, independent of the settings
	Images   int64        `json:"images"`   // on the host
	Pictures int64        `json:"pictures"` // the training images on the device
	Moments  int64        `json:"moments"`  // state of the optimizer
	Save     int64        `json:"save"`     // copies on the host during a checkpoint
	Pass     block.Memory `json:"pass"`     // the largest one
	Saving   string       `json:"saving"`   // of that pass: block.Saving
	Total    int64        `json:"total"`    // of all this on a CPU; of the device's part on a GPU
}

// Of estimates the need of a run with these training images and passes. The optimizer keeps moments
// numbers for each weight. On a CPU the need covers all devices of the engine, on a GPU each single
// device. Of returns an error if a pass can't be traced.
func Of(e *block.Engine, set *data.Set, moments int, passes ...block.Pass) (Need, error) {
	n := Need{Process: program, Images: int64(len(set.Train.Pixels) + len(set.Test.Pixels)), Pictures: int64(len(set.Train.Pixels)), Saving: e.Saving.String()}
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
	if e.Apart() {
		n.Total = n.Pictures + n.Moments + pass
	} else {
		n.Total = n.Process + n.Images + n.Pictures + n.Moments + n.Save + int64(e.Width())*pass
	}
	return n, nil
}

// Max returns the larger need of two phases that follow each other.
func (n Need) Max(o Need) Need {
	if o.Total > n.Total {
		return o
	}
	return n
}
