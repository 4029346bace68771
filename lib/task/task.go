package task

import (
	"fmt"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/settings"
)

// Base holds the parts of a task that do not depend on its kind. The zero value with an Engine is a
// task without images.
type Base struct {
	Engine    *block.Engine
	Feeder    *augment.Feeder // nil without images
	Params    []*block.Param  // parameters of the network
	Tape      *block.Tape     // runs the network in training mode
	Optimizer fit.Optimizer   // updates Params
}

// Open opens the engine and a feeder of the training images in batches of the settings' size. The
// options' layout and precision are the engine's. Open returns an error if the backend has too few
// devices or the images do not fit on it.
func Open(b *backend.Backend, set *data.Set, s settings.Shared, o augment.Options) (Base, error) {
	e, err := block.Open(b, block.Options{Devices: s.Devices, Precision: s.Precision})
	if err != nil {
		return Base{}, err
	}
	o.Out = e.Lowering.From
	f, err := augment.NewFeeder(b.Backend, set.Train, set.Mean, set.Std, s.Batch, o)
	return Base{Engine: e, Feeder: f}, err
}

// CheckBatch returns an error if n images are too few for a batch. format describes the images in a
// clause with their number n.
func CheckBatch(format string, n, batch int) error {
	if n >= batch {
		return nil
	}
	return fmt.Errorf("%s, too few for a batch of %d: use more images or a smaller batch", fmt.Sprintf(format, n), batch)
}

// Make makes the weights of a plan's calls, which the seed determines, and a tape with this kind of
// backward pass. The optimizer o updates these weights.
func (b *Base) Make(plan *block.Plan, seed uint64, back block.Backward, o fit.Optimizer) {
	b.Params = plan.Params(seed)
	b.Tape = block.NewTape(b.Engine, b.Params, block.Train, back)
	b.Optimizer = o
}

// Release frees the weights and the tape if Make was called.
func (b *Base) Release() {
	if b.Tape == nil {
		return
	}
	b.Tape.Close()
	b.Optimizer.Close()
	for _, p := range b.Params {
		p.Value.Set(nil)
	}
}

// Close frees the device's memory.
func (b *Base) Close() {
	b.Release()
	b.Feeder.Close()
}

// SetSaving selects the activations saved for backward passes. Call it before Prepare and the first
// step.
func (b *Base) SetSaving(s block.Saving) { b.Engine.Saving = s }

// Descend updates the weights after a forward pass on the tape, by the gradient of the weighted sum
// of the losses, scalars [1] with one factor each, at learning rate lr. measured waits for the
// device and returns the losses and the norm of the gradient. Descend returns an error if the
// device fails.
func (b *Base) Descend(lr float64, losses []*block.Value, factors []float32) (measured func() (losses []float64, norm float64), err error) {
	for i, loss := range losses {
		b.Tape.Seed(loss, factors[i])
	}
	read := fit.Read(losses...)
	if err := b.Tape.Backward(true); err != nil {
		return nil, err
	}
	norm, err := b.Optimizer.Step(b.Params, lr)
	return func() ([]float64, float64) {
		n := norm()
		return read(), n
	}, err
}

// ReadNow reads the results of a launched step at once. It turns Launch of a fit.Ahead into Step of
// a fit.Task.
func ReadNow(read func() (event.Metrics, error), err error) (event.Metrics, error) {
	if err != nil {
		return nil, err
	}
	return read()
}

// State implements fit.Task: weights, running statistics and the optimizer's vectors.
func (b *Base) State() (fit.State, error) {
	s := fit.State{Arrays: map[string]fit.Array{}, Meta: map[string]string{}}
	fit.SaveParams(s, b.Params)
	b.Optimizer.Save(s, b.Params)
	return s, nil
}

// Restore implements fit.Task. It returns an error if the state belongs to other weights or another
// optimizer.
func (b *Base) Restore(s fit.State) error {
	if err := b.Optimizer.Load(s, b.Params); err != nil {
		return err
	}
	return fit.LoadParams(s, b.Params)
}
