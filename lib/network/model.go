package network

import (
	"context"
	"time"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit"
	"github.com/gomlx/gomlx/core/tensors"
)

// Model is a network with weights that classifies images: norms use their running statistics, no
// path is dropped, and there is no auxiliary tower.
type Model struct {
	Net    *Network
	Params []*block.Param
	engine *block.Engine
}

// NewModel returns net with initial weights; Restore loads trained ones. net must have no auxiliary
// tower. The model computes in float32 even if the weights were trained in bf16, so that
// predictions do not depend on the device. (ModelOf validates a training in bf16 in the precision
// of the training.)
func NewModel(b *backend.Backend, net *Network, seed uint64) *Model {
	e, err := block.Open(b, block.Options{})
	if err != nil {
		panic(err) // there always is one device
	}
	m := &Model{Net: net, engine: e}
	m.Params = m.plan().Params(seed)
	return m
}

// ModelOf returns net with weights from params, the parameters of a training of net.
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

// Prepare compiles the executables of Logits and reports each to report. It returns an error if a
// block does not compile.
func (m *Model) Prepare(report func(done, total int, name string, took time.Duration)) error {
	return m.engine.Prepare(m.plan(), block.Evaluate, block.None, report)
}

// Restore loads the weights of a checkpoint of a network with or without an auxiliary tower. It
// returns an error if the checkpoint belongs to another network.
func (m *Model) Restore(s fit.State) error { return fit.LoadParams(s, m.Params) }

// Lowering returns the layout and the precision of the model's images.
func (m *Model) Lowering() block.Lowering { return m.engine.Lowering }

// Close frees the weights.
func (m *Model) Close() {
	for _, p := range m.Params {
		p.Value.Set(nil)
	}
}

// Logits returns the logits [len(index)][classes] of the feeder's images at these indices. report,
// if not nil, receives the number of finished images. Logits returns an error if an index is out of
// range, the device fails, or ctx ends.
func (m *Model) Logits(ctx context.Context, f *augment.Feeder, index []int32, report func(done, total int)) ([][]float32, error) {
	return m.outputs(ctx, f, index, report, func(o backbone.Output) *block.Value { return o.Logits })
}

// Features returns the pooled features [len(index)][4 * channels] of the feeder's images at these
// indices. report, if not nil, receives the number of finished images. Features returns an error if
// an index is out of range, the device fails, or ctx ends.
func (m *Model) Features(ctx context.Context, f *augment.Feeder, index []int32, report func(done, total int)) ([][]float32, error) {
	return m.outputs(ctx, f, index, report, func(o backbone.Output) *block.Value { return o.Features })
}

// outputs computes the output that pick selects, a value [rows, b], for the images.
func (m *Model) outputs(ctx context.Context, f *augment.Feeder, index []int32, report func(done, total int), pick func(backbone.Output) *block.Value) ([][]float32, error) {
	tape := block.NewTape(m.engine, m.Params, block.Evaluate, block.None)
	defer tape.Close()
	b := m.Net.Batch * m.engine.Width()
	all := make([][]float32, 0, len(index))
	for len(all) < len(index) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := min(b, len(index)-len(all))
		batch := make([]int32, b) // copies of image 0 fill the last batch
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

// Classify returns the logits [b][classes] of a batch of images [channels, side, side, b] on the
// device. The caller keeps the batch. Classify returns an error if the device fails.
func (m *Model) Classify(images *block.Value) ([][]float32, error) {
	tape := block.NewTape(m.engine, m.Params, block.Evaluate, block.None)
	defer tape.Close()
	logits := m.Net.Run(tape, images, nil).Logits.Hold()
	if err := tape.Run(); err != nil {
		return nil, err
	}
	return m.rows(logits), nil
}

// rows collects the outputs of a batch's images from the devices' arrays [rows, b].
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

// settling is the number of batches after which less than 2 % of the initial running statistics
// remain.
const settling = 40

// MeasureNorms measures the running statistics of the norms on the feeder's images at these
// indices. Without it, a network with initial weights can't be compared with a trained one.
// MeasureNorms returns an error if the device fails or ctx ends.
func (m *Model) MeasureNorms(ctx context.Context, f *augment.Feeder, index []int32) error {
	// Train and Joint share the executables of a training
	tape := block.NewTape(m.engine, m.Params, block.Train, block.Joint)
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
