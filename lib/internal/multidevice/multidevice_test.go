package multidevice

import (
	"math/rand/v2"
	"testing"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/barlow"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/supernet"
	"github.com/gomlx/gomlx/core/tensors"
)

const devices = 2

func engine(t *testing.T, n int) *block.Engine {
	t.Helper()
	e, err := block.DataParallel(backendtest.Several(t, devices).Backend, n)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// split distributes a value's batch, its last axis, over the devices.
func split(e *block.Engine, v *block.Value) *block.Value {
	return e.Split(v.Tensor(), v.Tensor().Shape().Rank()-1)
}

// TestTwoDevicesGiveTorchsGradients: each device sees two of torch's four images; the loss and the
// gradient of every weight, alpha and beta are those of the whole batch.
func TestTwoDevicesGiveTorchsGradients(t *testing.T) {
	torch := golden.Read(t, "supernet")
	e := engine(t, devices)
	w := backbone.Backbone{Cells: 3, Channels: 16, Classes: 10, ImageChannels: 3, ImageSide: 16, Batch: 4 / devices, Partial: 4}
	net := &supernet.Network{Backbone: w, Space: supernet.FullSpace()}
	arch := supernet.NewArch(net.Space, true, 1)
	arch.SetFlat(parity.Architecture(torch, "weight/", true))
	mix := arch.NewMixing()
	ce := fit.CrossEntropy(w.Classes, w.Batch)
	pass := func(r block.Runner, x, labels *block.Value) *block.Value {
		return r.Call("", ce, []*block.Value{net.Run(r, x, mix).Logits, labels}, nil)[0]
	}
	params := block.NewPlan(func(r block.Runner) { pass(r, &block.Value{}, &block.Value{}) }).Params(1)
	parity.Load(t, params, torch, parity.Path)
	var loss *block.Value
	parity.Train(t, e, params, block.Separate, func(r block.Runner) *block.Value {
		loss = pass(r, split(e, parity.Image(torch["x"])), split(e, parity.Labels(torch["labels"])))
		return loss
	}, func() { golden.Close(t, "loss", loss.Floats(), torch["loss"].Data, parity.Tolerance) })
	parity.Gradients(t, params, torch, parity.Path)
	parity.CloseArchitecture(t, "gradient of", arch.Gradient(mix), torch, "gradient/", true)
}

// TestBarlowTwinsOverTheGlobalBatch: the correlation of the views is computed over the images of
// all devices.
func TestBarlowTwinsOverTheGlobalBatch(t *testing.T) {
	torch := golden.Read(t, "barlow")
	e := engine(t, devices)
	shape := torch["a"].Shape // [images, features]
	a, b := split(e, parity.Image(torch["a"])), split(e, parity.Image(torch["b"]))
	var loss *block.Value
	parity.Train(t, e, nil, block.Joint, func(r block.Runner) *block.Value {
		loss = r.Call("", barlow.Loss(shape[1], shape[0]/devices, settings.Lambda), []*block.Value{a, b}, nil)[0]
		return loss
	}, func() { golden.Close(t, "loss", loss.Floats(), torch["loss"].Data, parity.Tolerance) })
	for name, v := range map[string]*block.Value{"gradient/a": a, "gradient/b": b} {
		want := parity.BatchLast(torch[name])
		for d, part := range v.Gradients() {
			n := shape[0] / devices
			own := golden.Array{Shape: []int{shape[1], n}}
			for f := range shape[1] {
				own.Data = append(own.Data, want.Data[f*shape[0]+d*n:][:n]...)
			}
			golden.Close(t, name, tensors.MustCopyFlatData[float32](part), own.Data, parity.Tolerance)
		}
	}
}

// TestAFoundNetworkOnTwoDevicesIsThatOnOne compares losses, gradients and running statistics, with
// an auxiliary tower and drop path.
func TestAFoundNetworkOnTwoDevicesIsThatOnOne(t *testing.T) {
	genotype, _ := cell.Published("PC_DARTS_cifar")
	const batch = 4
	r := rand.New(rand.NewPCG(1, 2))
	pixels, classes := make([]float32, 3*32*32*batch), make([]int32, batch)
	for i := range pixels {
		pixels[i] = float32(r.NormFloat64())
	}
	for i := range classes {
		classes[i] = int32(r.IntN(10))
	}
	type outcome struct {
		losses, running []float32
		gradients       map[string][]float32
	}
	train := func(n int) (o outcome) {
		e := engine(t, n)
		net := network.New(genotype, 3, 4, 10, 3, 32, batch/n, true)
		net.Auxiliary = [2]int{4, 8}
		ce := fit.CrossEntropy(10, net.Batch)
		masks := net.NewMasks(e, 0.3, rand.New(rand.NewPCG(3, 4)))
		x := e.Split(tensors.FromFlatDataAndDimensions(pixels, 3, 32, 32, batch), 3)
		y := e.Split(tensors.FromFlatDataAndDimensions(classes, batch), 0)
		params := block.NewPlan(func(r block.Runner) { net.Run(r, x, masks) }).Params(5)
		tape := block.NewTape(e, params, block.Train, block.Joint)
		defer tape.Close()
		out := net.Run(tape, x, masks)
		main := tape.Call("", ce, []*block.Value{out.Logits, y}, nil)[0]
		auxiliary := tape.Call("", ce, []*block.Value{out.Auxiliary, y}, nil)[0]
		if err := tape.Run(); err != nil {
			t.Fatal(err)
		}
		o.losses = append(main.Floats(), auxiliary.Floats()...)
		tape.Seed(main, 1)
		tape.Seed(auxiliary, 0.4)
		if err := tape.Backward(true); err != nil {
			t.Fatal(err)
		}
		o.gradients = map[string][]float32{}
		for _, p := range params {
			o.gradients[p.Label] = p.Value.Gradient()
			o.running = append(o.running, p.SyncRunning()...)
		}
		return o
	}
	one, two := train(1), train(2)
	golden.Close(t, "losses", two.losses, one.losses, 1e-5)
	golden.Close(t, "running statistics", two.running, one.running, 1e-5)
	for label, g := range one.gradients {
		golden.Close(t, "gradient of "+label, two.gradients[label], g, 1e-4)
	}
}
