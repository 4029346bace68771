package backend

import (
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func TestExecutionsAreCounted(t *testing.T) {
	b, err := Open(t.Context(), Options{Choice: CPU})
	if err != nil {
		t.Fatal(err)
	}
	g := graph.NewGraph(b.Backend, "counted")
	x := tensors.FromScalar(float32(1))
	y := graph.AddScalar(graph.Parameter(g, "x", x.Shape()), 1)
	if err := g.Compile(y); err != nil {
		t.Fatal(err)
	}
	before := b.Counts()
	for range 3 {
		g.Run(x)[0].MustFinalizeAll()
	}
	after := b.Counts()
	if n := after.Executions - before.Executions; n != 3 {
		t.Errorf("%d executions, want 3", n)
	}
	if n := after.Waits - before.Waits; n < 3 {
		t.Errorf("%d waits for 3 results", n)
	}
	if after.DevicePeak < after.DeviceBytes {
		t.Errorf("at most %d bytes on the device, but %d now", after.DevicePeak, after.DeviceBytes)
	}
}
