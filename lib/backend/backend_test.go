package backend_test

import (
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/gomlx/gomlx/core/graph"
)

func TestTheCPUComputes(t *testing.T) {
	b := backendtest.Open(t)
	two := graph.MustNewExec(b.Backend, func(x *graph.Node) *graph.Node { return graph.Add(x, x) })
	if got := two.MustExec([]float32{1, 2})[0].Value().([]float32); got[0] != 2 || got[1] != 4 {
		t.Errorf("x + x of 1, 2 is %v", got)
	}
	if n := b.Backend.NumDevices(); n != 1 {
		t.Errorf("%d devices, want 1", n)
	}
}
