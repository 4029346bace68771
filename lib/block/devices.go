package block

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	. "github.com/gomlx/gomlx/core/graph"
)

// DataParallel returns an engine whose executables run on n devices at once, data-parallel: each
// device has its part of every batch, and all have the same weights. The shapes of a block are
// those of one part. Computations over the whole batch (statistics of norms, losses) use Ctx.Total,
// so that n devices give the results of one device with n times the batch, up to rounding.
// DataParallel returns an error if there are fewer than n devices.
//
// One call runs at a time, because two calls that wait for each other's devices would never end.
func DataParallel(b compute.Backend, n int) (*Engine, error) {
	if n < 1 || n > b.NumDevices() {
		return nil, fmt.Errorf("%d devices were requested, but there are %d: request 1 to %d", n, b.NumDevices(), b.NumDevices())
	}
	e := NewEngine(b)
	e.Devices = n
	if n > 1 {
		e.Lanes = 1
	}
	return e, nil
}

// Width returns the number of devices that share a batch, 1 or more.
func (e *Engine) Width() int { return max(1, e.Devices) }

// SeparateMemory reports whether the devices' memory is separate from the host's, as on a GPU:
// there, reads of the host during a step cost more than the device's computations.
func (e *Engine) SeparateMemory() bool { return e.Backend != nil && !e.Backend.HasSharedBuffers() }

// graph starts a graph for the engine's devices.
func (e *Engine) graph(name string) *Graph {
	g := NewGraph(e.Backend, name)
	if e.Devices <= 1 {
		return g
	}
	mesh, err := distributed.NewDeviceMesh([]int{e.Devices}, []string{"batch"})
	if err == nil {
		err = g.SetSPMD(mesh)
	}
	if err != nil {
		panic(err)
	}
	return g
}
