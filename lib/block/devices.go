package block

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	. "github.com/gomlx/gomlx/core/graph"
)

// Several returns an engine whose executables run on n devices at once, data-parallel: each device has its part of every batch, all have the same weights. A
// block's shapes are those of one part; what it computes over the whole batch (the statistics of norms, losses) goes through Ctx.Total, so that n devices compute what
// one would with n times the batch, but for rounding.
//
// One call runs at a time: two that wait for each other's devices would never end.
func Several(b compute.Backend, n int) (*Engine, error) {
	if n < 1 || n > b.NumDevices() {
		return nil, fmt.Errorf("%d devices were asked for, and there are %d: ask for 1 to %d", n, b.NumDevices(), b.NumDevices())
	}
	e := NewEngine(b)
	e.Devices = n
	if n > 1 {
		e.Lanes = 1
	}
	return e, nil
}

// Width is the number of devices that share a batch, 1 or more.
func (e *Engine) Width() int { return max(1, e.Devices) }

// Apart says whether the devices' memory is apart from the host's, as a GPU's: then what the host reads in a step costs more than what the device computes.
func (e *Engine) Apart() bool { return e.Backend != nil && !e.Backend.HasSharedBuffers() }

// graph begins a graph for the engine's devices.
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
