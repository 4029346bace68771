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
	// garbage would be collected in the middle of another test that counts
	defer x.MustFinalizeAll()
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

func TestArraysAreCountedUntilTheyAreFreed(t *testing.T) {
	b, err := Open(t.Context(), Options{Choice: CPU})
	if err != nil {
		t.Fatal(err)
	}
	const kilobyte = 256 // numbers
	g := graph.NewGraph(b.Backend, "two of one")
	in := tensors.FromFlatDataAndDimensions(make([]float32, kilobyte), kilobyte)
	x := graph.Parameter(g, "x", in.Shape())
	if err := g.Compile(graph.AddScalar(x, 1), graph.Concatenate([]*graph.Node{x, x}, 0)); err != nil {
		t.Fatal(err)
	}
	at := b.Counts()
	b.MarkPeak()
	expect := func(when string, arrays, bytes, peak uint64) {
		t.Helper()
		n := b.Counts()
		if n.Arrays-at.Arrays != arrays || n.ArrayBytes-at.ArrayBytes != bytes || n.ArrayPeak-at.ArrayBytes != peak {
			t.Errorf("%s: %d arrays, %d bytes, at most %d; want %d, %d, %d", when, n.Arrays-at.Arrays, n.ArrayBytes-at.ArrayBytes, n.ArrayPeak-at.ArrayBytes, arrays, bytes, peak)
		}
	}
	expect("before", 0, 0, 0)
	out := g.Run(in)
	expect("with input and outputs", 3, 4096, 4096)
	out[1].MustFinalizeAll()
	expect("without the larger output", 2, 2048, 4096)
	var many []*tensors.Tensor
	for range 1500 { // more than there is room for at first
		many = append(many, g.Run(in)...)
	}
	for _, x := range many {
		x.MustFinalizeAll()
	}
	expect("after many came and went", 2, 2048, 2048+1500*3072)
	out[0].MustFinalizeAll()
	in.MustFinalizeAll()
	expect("in the end", 0, 0, 2048+1500*3072)
}
