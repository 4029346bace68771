package network

import (
	"context"
	"time"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/wiring"
	"github.com/gomlx/gomlx/core/tensors"
)

// Model is a network with weights, to classify images: norms use their running statistics, no path is dropped, and the
// auxiliary tower is left out.
type Model struct {
	Net    *Network
	Params []*block.Param
	engine *block.Engine
}

// NewModel returns net with initial weights; net must have no auxiliary tower. Restore gives it trained ones. It computes in float32, whatever its weights were trained
// in: they are float32 then, too, and what a network sees in a picture should not depend on the device that looks. The validation of a training in bf16,
// by ModelOf, computes as the training does.
func NewModel(b *backend.Backend, net *Network, seed uint64) *Model {
	e, err := block.Open(b, block.Options{})
	if err != nil {
		panic(err) // there always is one device
	}
	m := &Model{Net: net, engine: e}
	m.Params = m.plan().Params(seed)
	return m
}

// ModelOf is net with weights among params, those of a training of it.
func ModelOf(e *block.Engine, net *Network, params []*block.Param) *Model {
	m := &Model{Net: net, engine: e}
	byLabel := map[string]*block.Param{}
	for _, p := range params {
		byLabel[p.Label] = p
	}
	for _, label := range m.plan().Labels() {
		m.Params = append(m.Params, byLabel[label])
	}
	return m
}

func (m *Model) plan() *block.Plan {
	return block.NewPlan(func(r block.Runner) { m.Net.Run(r, &block.Value{}, nil) })
}

// Prepare compiles what Logits needs; report hears of each executable.
func (m *Model) Prepare(report func(done, total int, name string, took time.Duration)) error {
	return m.engine.Prepare(m.plan(), block.Evaluate, block.None, report)
}

// Restore takes the weights of a checkpoint, whether of a network with an auxiliary tower or without.
func (m *Model) Restore(s fit.State) error { return fit.LoadParams(s, m.Params) }

// Lowering is how the model takes images.
func (m *Model) Lowering() block.Lowering { return m.engine.Lowering }

// Close frees the weights.
func (m *Model) Close() {
	for _, p := range m.Params {
		p.Value.Set(nil)
	}
}

// Logits are the scores [len(index)][classes] of the feeder's images at these indices. report, if any, hears how many are done.
func (m *Model) Logits(ctx context.Context, f *augment.Feeder, index []int32, report func(done, total int)) ([][]float32, error) {
	return m.outputs(ctx, f, index, report, func(o wiring.Output) *block.Value { return o.Logits })
}

// Features are the pooled features [len(index)][4 * channels] of the feeder's images at these indices. report, if any, hears how many are done.
func (m *Model) Features(ctx context.Context, f *augment.Feeder, index []int32, report func(done, total int)) ([][]float32, error) {
	return m.outputs(ctx, f, index, report, func(o wiring.Output) *block.Value { return o.Features })
}

// outputs are what the network makes of images: pick says which output is wanted, a value [rows, b].
func (m *Model) outputs(ctx context.Context, f *augment.Feeder, index []int32, report func(done, total int), pick func(wiring.Output) *block.Value) ([][]float32, error) {
	tape := block.NewTape(m.engine, m.Params, block.Evaluate, block.None)
	defer tape.Close()
	b := m.Net.Batch * m.engine.Width()
	all := make([][]float32, 0, len(index))
	for len(all) < len(index) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := min(b, len(index)-len(all))
		batch := make([]int32, b) // the last batch is filled up with image 0, whose output is dropped
		copy(batch, index[len(all):len(all)+n])
		images, labels, err := f.Batch(batch, nil)
		if err != nil {
			return nil, err
		}
		labels.MustFinalizeAll()
		x := m.engine.SplitImages(images)
		out := pick(m.Net.Run(tape, x, nil)).Hold()
		err = tape.Run()
		if err == nil {
			all = append(all, m.rows(out)[:n]...)
		}
		tape.Release()
		x.Set(nil)
		if err != nil {
			return nil, err
		}
		if report != nil {
			report(len(all), len(index))
		}
	}
	return all, nil
}

// rows are a batch's images' outputs, one after the other, from the devices' [rows, b].
func (m *Model) rows(out *block.Value) (rows [][]float32) {
	for _, part := range out.Tensors() {
		values, b := tensors.MustCopyFlatData[float32](part), m.Net.Batch
		for i := range b {
			row := make([]float32, len(values)/b)
			for r := range row {
				row[r] = values[r*b+i]
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// settling is the number of batches after which running statistics hold less than 2 % of what they began with.
const settling = 40

// Settle measures the norms' running statistics on the feeder's images at these indices: initial weights alone make no network that can be compared with a trained
// one, whose norms have seen images.
func (m *Model) Settle(ctx context.Context, f *augment.Feeder, index []int32) error {
	tape := block.NewTape(m.engine, m.Params, block.Train, block.Joint) // the executables of a training
	defer tape.Close()
	b := m.Net.Batch * m.engine.Width()
	for i := range settling {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch := make([]int32, b)
		for j := range batch {
			batch[j] = index[(i*b+j)%len(index)]
		}
		images, labels, err := f.Batch(batch, nil)
		if err != nil {
			return err
		}
		labels.MustFinalizeAll()
		x := m.engine.SplitImages(images)
		m.Net.Run(tape, x, nil)
		err = tape.Run()
		tape.Release()
		x.Set(nil)
		if err != nil {
			return err
		}
	}
	return nil
}
