package network

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/settings"
)

// Training trains a found network. It implements fit.Task.
type Training struct {
	settings settings.Train
	set      *data.Set
	net      *Network
	params   []*block.Param
	engine   *block.Engine
	tape     *block.Tape
	loss     *block.Block
	right    *block.Block // counts correct predictions; nil where the host counts them
	sgd      fit.SGD
	model    *Model // the same weights, for validation

	feeder            *augment.Feeder
	train, validation []int32 // train holds the images whose labels are used
	images            int     // in an epoch, including repetitions
}

// NewTraining prepares a training on the training images and holds some of them back for
// validation. It compiles nothing. NewTraining returns an error if the settings are invalid or too
// few images are left for a batch.
func NewTraining(b *backend.Backend, set *data.Set, g cell.Genotype, s settings.Train) (*Training, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if err := g.Validate(); err != nil {
		return nil, err
	}
	e, err := block.Open(b, block.Options{Devices: s.Devices, Precision: s.Precision})
	if err != nil {
		return nil, err
	}
	im := set.Train
	feeder, err := augment.NewFeeder(b.Backend, im, set.Mean, set.Std, s.Batch, augment.Options{Crop: 4, Flip: true, Cutout: s.Cutout, Out: e.Lowering.From})
	if err != nil {
		return nil, err
	}
	train, validation := set.TrainValidation(s.Seed, s.Images)
	if len(train) < s.Batch {
		feeder.Close()
		return nil, fmt.Errorf("%d images are left for training, too few for a batch of %d: use more images or a smaller batch", len(train), s.Batch)
	}
	t := assemble(e, New(g, s.Cells, s.Channels, len(set.Classes), im.Channels, im.Height, s.Batch/s.Devices, s.Auxiliary > 0), s)
	t.set, t.feeder, t.train, t.validation, t.images = set, feeder, im.Share(train, s.Labels), validation, len(train)
	return t, nil
}

// assemble makes everything except the images.
func assemble(e *block.Engine, net *Network, s settings.Train) *Training {
	t := &Training{
		settings: s,
		net:      net,
		engine:   e,
		loss:     fit.CrossEntropy(net.Classes, net.Batch),
		right:    fit.RightOn(e, net.Classes, net.Batch),
		sgd:      fit.SGD{Momentum: s.Momentum, WeightDecay: s.WeightDecay, Clip: s.Clip, Engine: e},
	}
	t.params = t.plan().Params(s.Seed)
	t.tape = block.NewTape(e, t.params, block.Train, block.Joint)
	tested := *net
	tested.Auxiliary = [2]int{}
	t.model = ModelOf(e, &tested, t.params)
	return t
}

func (t *Training) plan() *block.Plan {
	return block.NewPlan(func(r block.Runner) { t.forward(r, &block.Value{}, &block.Value{}, t.masks(0, 0)) })
}

// masks returns the masks of drop path, whose probability grows linearly with the epochs.
func (t *Training) masks(epoch, step int) Masks {
	if t.settings.DropPath == 0 {
		return nil
	}
	p := t.settings.DropPath * float64(epoch) / float64(t.settings.Epochs)
	return t.net.NewMasks(t.engine, p, fit.Random(t.settings.Seed, "drop path", epoch, step))
}

// forward makes the calls of one pass, up to the loss and the auxiliary loss (nil without a tower).
func (t *Training) forward(r block.Runner, images, labels *block.Value, m Masks) (loss, auxiliary, logits *block.Value) {
	out := t.net.Run(r, images, m)
	if out.Auxiliary != nil {
		auxiliary = r.Call("", t.loss, []*block.Value{out.Auxiliary, labels}, nil)[0]
	}
	return r.Call("", t.loss, []*block.Value{out.Logits, labels}, nil)[0], auxiliary, out.Logits
}

// Count returns the number of weights, including the auxiliary tower, and the multiply-accumulates
// (MACs) of one image in a forward pass.
func (t *Training) Count() (weights, macs int) { return t.plan().Count() }

// Prepare compiles the executables of steps and validation; report hears of each. It returns an
// error if a block does not compile.
func (t *Training) Prepare(report func(done, total int, name string, took time.Duration)) error {
	if err := t.engine.Prepare(t.plan(), block.Train, block.Joint, report); err != nil {
		return err
	}
	return t.model.Prepare(report)
}

// Close frees the device's memory.
func (t *Training) Close() {
	t.tape.Close()
	t.sgd.Close()
	t.feeder.Close()
	for _, p := range t.params {
		p.Value.Set(nil)
	}
}

// Best names the metric whose lowest value marks the weights to keep.
func (t *Training) Best() string { return "val_loss" }

// Epochs implements fit.Task.
func (t *Training) Epochs() int { return t.settings.Epochs }

// Steps implements fit.Task: whole batches. A fraction of the labels gives as many steps as all
// labels, so trainings with different fractions have the same steps and learning rates.
func (t *Training) Steps(int) int { return t.images / t.settings.Batch }

// order returns the order of an epoch's images, with repetitions if there are few labels.
func (t *Training) order(epoch int) (order []int32) {
	times := (t.images + len(t.train) - 1) / len(t.train)
	for k := range times {
		order = append(order, augment.EpochOrder(t.train, t.settings.Seed, epoch*times+k)...)
	}
	return order[:t.images]
}

// Begin starts the training with the weights and running statistics of another network with the
// same cells, except for the classifier and the auxiliary tower, which keep their initial ones. The
// state is that of a pretraining (package pretrain). Begin returns an error if it belongs to
// another network.
func (t *Training) Begin(pretrained fit.State) error {
	return fit.LoadParams(pretrained, slices.DeleteFunc(slices.Clone(t.params), func(p *block.Param) bool {
		return p.Label == backbone.ClassifierLabel || p.Label == backbone.AuxiliaryLabel
	}))
}

// Step implements fit.Task.
func (t *Training) Step(epoch, step int) (fit.Metrics, error) {
	read, err := t.Launch(epoch, step)
	if err != nil {
		return nil, err
	}
	return read()
}

// Launch implements fit.Ahead: it trains on one batch.
func (t *Training) Launch(epoch, step int) (read func() (fit.Metrics, error), err error) {
	s := t.settings
	order := t.order(epoch)
	images, labels, err := t.feeder.Batch(order[step*s.Batch:(step+1)*s.Batch], fit.Random(s.Seed, "augment", epoch, step))
	if err != nil {
		return nil, err
	}
	x, y, masks := t.engine.SplitImages(images), t.engine.Split(labels, 0), t.masks(epoch, step)
	defer masks.Free()
	defer x.Set(nil)
	defer y.Set(nil)
	measured, err := t.step(x, y, masks, fit.Cosine(s.LR, 0, epoch, s.Epochs))
	if err != nil {
		return nil, err
	}
	return func() (fit.Metrics, error) { return measured(), nil }, nil
}

// step updates the weights by one batch.
func (t *Training) step(images, labels *block.Value, masks Masks, lr float64) (measured func() fit.Metrics, err error) {
	loss, auxiliary, logits := t.forward(t.tape, images, labels, masks)
	count := block.Sums(1)[0]
	if t.right != nil {
		count = t.tape.Call("", t.right, []*block.Value{logits, labels}, nil)[0]
	}
	if err := t.tape.Run(); err != nil {
		return nil, err
	}
	total := float64(labels.Images())
	var right func() []float64
	if t.right != nil {
		right = fit.Read(count)
	} else {
		counted := fit.Right(logits, labels)
		right = func() []float64 { return []float64{counted} }
	}
	t.tape.Seed(loss, 1)
	losses := []*block.Value{loss}
	if auxiliary != nil {
		losses = append(losses, auxiliary)
		t.tape.Seed(auxiliary, float32(t.settings.Auxiliary))
	}
	read := fit.Read(losses...)
	if err := t.tape.Backward(true); err != nil {
		return nil, err
	}
	norm, err := t.sgd.Step(t.params, lr)
	return func() fit.Metrics {
		m := fit.Metrics{"lr": lr, "train_accuracy": right()[0] / total, "grad_norm": norm()}
		for i, x := range read() {
			m[[]string{"train_loss", "auxiliary_loss"}[i]] = x
		}
		return m
	}, err
}

// EndEpoch implements fit.Task: it measures loss and accuracy on the validation images.
func (t *Training) EndEpoch(ctx context.Context, _ int) (fit.Metrics, map[string]any, error) {
	logits, err := t.model.Logits(ctx, t.feeder, t.validation, nil)
	if err != nil {
		return nil, nil, err
	}
	labels := make([]uint8, len(logits))
	for i, v := range t.validation {
		labels[i] = t.set.Train.Labels[v]
	}
	table, err := score.New(t.set.Classes, logits, labels)
	if err != nil {
		return nil, nil, err
	}
	return fit.Metrics{"val_loss": table.Loss, "val_accuracy": table.Top1}, nil, nil
}

// State implements fit.Task.
func (t *Training) State() (fit.State, error) {
	s := fit.State{Arrays: map[string]fit.Array{}, Meta: map[string]string{}}
	fit.SaveParams(s, t.params)
	t.sgd.Save(s, t.params)
	return s, nil
}

// Restore implements fit.Task.
func (t *Training) Restore(s fit.State) error {
	if err := t.sgd.Load(s, t.params); err != nil {
		return err
	}
	return fit.LoadParams(s, t.params)
}
