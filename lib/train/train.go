package train

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/essnas/essnas/lib/adversary"
	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/task"
)

// Training trains a found network. It implements fit.Task.
type Training struct {
	task.Base
	settings settings.Train
	set      *data.Set
	net      *network.Network
	loss     *block.Block
	right    *block.Block    // counts correct predictions; nil if the host counts them
	model    *network.Model  // the same weights, for validation
	ball     *adversary.Ball // of adversarial training; nil for clean images

	train, validation []int32 // train holds the images whose labels are used
	images            int     // number of images per epoch, including repetitions
}

// New prepares a training on the training images and holds some of them back for validation. It
// compiles nothing. New returns an error if the settings are invalid or too few images are left for
// a batch.
func New(b *backend.Backend, set *data.Set, g cell.Genotype, s settings.Train) (*Training, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if err := g.Validate(); err != nil {
		return nil, err
	}
	if err := Fits(set.Train.Height, s); err != nil {
		return nil, err
	}
	train, validation := set.TrainValidation(s.Seed, s.Images)
	if err := task.CheckBatch("%d images are left for training", len(train), s.Batch); err != nil {
		return nil, err
	}
	base, err := task.Open(b, set, s.Shared, augment.Options{Crop: 4, Flip: true, Cutout: s.Cutout})
	if err != nil {
		return nil, err
	}
	t := assemble(base, networkOf(set, g, s), s)
	t.set, t.train, t.validation, t.images = set, set.Train.Share(train, s.Labels), validation, len(train)
	t.ball = ballOf(set, s)
	if s.Balances() {
		t.loss = fit.WeightedCrossEntropy(fit.Balanced(counts(set, t.train)), t.net.Batch)
	}
	return t, nil
}

// counts counts the images of each class.
func counts(set *data.Set, index []int32) []int {
	n := make([]int, len(set.Classes))
	for _, i := range index {
		n[set.Train.Labels[i]]++
	}
	return n
}

// Unseen returns the classes without training images under these settings.
func Unseen(set *data.Set, s settings.Train) (classes []string) {
	train, _ := set.TrainValidation(s.Seed, s.Images)
	for k, n := range counts(set, set.Train.Share(train, s.Labels)) {
		if n == 0 {
			classes = append(classes, set.Classes[k])
		}
	}
	return classes
}

// Fits returns an error if images with this side are too small for the network's stem or auxiliary
// tower, or if stem and cells can't halve them as often as they must.
func Fits(side int, s settings.Train) error {
	whole := side
	if side < 4 || side%4 != 0 {
		return fmt.Errorf("images of %d x %d pixels can't be halved twice: give a side that is a multiple of 4", side, side)
	}
	if s.Stem == backbone.StemImageNet {
		if side%32 != 0 {
			return fmt.Errorf("images of %d x %d pixels can't be halved five times, as the stem imagenet requires: give a side that is a multiple of 32, or the stem cifar", side, side)
		}
		side /= 8
	}
	if s.Auxiliary > 0 && side < 17 {
		return fmt.Errorf("images of %d x %d pixels are too small for an auxiliary tower with the stem %s: give --auxiliary 0", whole, whole, cmp.Or(s.Stem, backbone.StemCIFAR))
	}
	return nil
}

// networkOf returns the network of the settings for a set's images.
func networkOf(set *data.Set, g cell.Genotype, s settings.Train) *network.Network {
	return network.New(g, s.Cells, s.Channels, len(set.Classes), set.Train.Channels, set.Train.Height, s.Batch/s.Devices, s.Auxiliary > 0).With(s.Stem)
}

// assemble makes everything except the images.
func assemble(base task.Base, net *network.Network, s settings.Train) *Training {
	e := base.Engine
	t := &Training{
		Base:     base,
		settings: s,
		net:      net,
		loss:     fit.CrossEntropy(net.Classes, net.Batch),
		right:    fit.CountCorrectOn(e, net.Classes, net.Batch),
	}
	t.Make(t.plan(), s.Seed, block.Joint, &fit.SGD{Momentum: s.Momentum, WeightDecay: s.WeightDecay, Clip: s.Clip, Engine: e})
	t.model = network.ModelOf(e, withoutTower(net), t.Params)
	return t
}

// withoutTower returns the network without its auxiliary tower.
func withoutTower(net *network.Network) *network.Network {
	n := *net
	n.Auxiliary = [2]int{}
	return &n
}

func (t *Training) plan() *block.Plan {
	return block.NewPlan(func(r block.Runner) { t.forward(r, &block.Value{}, &block.Value{}, t.masks(0, 0)) })
}

// masks returns the masks of drop path in a step. Their probability grows linearly with the epochs.
func (t *Training) masks(epoch, step int) network.Masks {
	if t.settings.DropPath == 0 {
		return nil
	}
	p := t.settings.DropPath * float64(epoch) / float64(t.settings.Epochs)
	return t.net.NewMasks(t.Engine, p, fit.Random(t.settings.Seed, "drop path", epoch, step))
}

// forward makes the calls of one pass up to the loss and the auxiliary loss (nil without a tower).
func (t *Training) forward(r block.Runner, images, labels *block.Value, m network.Masks) (loss, auxiliary, logits *block.Value) {
	out := t.net.Run(r, images, m)
	if out.Auxiliary != nil {
		auxiliary = r.Call("", t.loss, []*block.Value{out.Auxiliary, labels}, nil)[0]
	}
	return r.Call("", t.loss, []*block.Value{out.Logits, labels}, nil)[0], auxiliary, out.Logits
}

// Count returns the number of weights, with the auxiliary tower, and the multiply-accumulates
// (MACs) of one image in a forward pass.
func (t *Training) Count() (weights, macs int) { return t.plan().Count() }

// Prepare compiles the executables of steps and validation and reports each to report. It returns
// an error if a block does not compile.
func (t *Training) Prepare(report func(done, total int, name string, took time.Duration)) error {
	if err := t.Engine.Prepare(t.plan(), block.Train, block.Joint, report); err != nil {
		return err
	}
	if t.ball != nil {
		if err := t.Engine.Prepare(t.attackPlan(), block.Evaluate, block.Images, report); err != nil {
			return err
		}
	}
	return t.model.Prepare(report)
}

// Best names the metric whose lowest value marks the best epoch. In adversarial training it is the
// loss under attack, which rises long before the clean loss does (arXiv:2002.11569).
func (t *Training) Best() string {
	if t.ball != nil {
		return "val_robust_loss"
	}
	return "val_loss"
}

// Epochs implements fit.Task.
func (t *Training) Epochs() int { return t.settings.Epochs }

// Steps implements fit.Task: whole batches. The number of steps, and thus the learning rates, do
// not depend on the fraction of labels.
func (t *Training) Steps(int) int { return t.images / t.settings.Batch }

// order returns the order of an epoch's images. With few labels it repeats them.
func (t *Training) order(epoch int) (order []int32) {
	times := (t.images + len(t.train) - 1) / len(t.train)
	for k := range times {
		order = append(order, augment.EpochOrder(t.train, t.settings.Seed, epoch*times+k)...)
	}
	return order[:t.images]
}

// Begin starts the training with weights and running statistics from the state of a training or a
// pretraining (package pretrain) with the same cells. With whole, all weights are taken over, those
// of the auxiliary tower if the state has them. Otherwise classifier and auxiliary tower keep their
// initial weights. Begin returns an error if the state belongs to another network.
func (t *Training) Begin(from fit.State, whole bool) error {
	return fit.LoadParams(from, slices.DeleteFunc(slices.Clone(t.Params), func(p *block.Param) bool {
		switch p.Label {
		case backbone.ClassifierLabel:
			return !whole
		case backbone.AuxiliaryLabel:
			_, has := from.Arrays["weights/"+p.Label]
			return !whole || !has
		}
		return false
	}))
}

// Step implements fit.Task.
func (t *Training) Step(epoch, step int) (event.Metrics, error) {
	return task.ReadNow(t.Launch(epoch, step))
}

// Launch implements fit.Ahead: it trains on one batch.
func (t *Training) Launch(epoch, step int) (read func() (event.Metrics, error), err error) {
	s := t.settings
	order := t.order(epoch)
	images, labels, err := t.Feeder.Batch(order[step*s.Batch:(step+1)*s.Batch], fit.Random(s.Seed, "augment", epoch, step))
	if err != nil {
		return nil, err
	}
	x, y, masks := t.Engine.SplitImages(images), t.Engine.Split(labels, 0), t.masks(epoch, step)
	defer masks.Free()
	defer x.Set(nil)
	defer y.Set(nil)
	learnt, done, err := t.stepImages(x, y, epoch, step)
	if err != nil {
		return nil, err
	}
	defer done()
	measured, err := t.step(learnt, y, masks, fit.Cosine(s.LR, 0, epoch, s.Epochs))
	if err != nil {
		return nil, err
	}
	return func() (event.Metrics, error) { return measured(), nil }, nil
}

// step updates the weights by one batch.
func (t *Training) step(images, labels *block.Value, masks network.Masks, lr float64) (measured func() event.Metrics, err error) {
	loss, auxiliary, logits := t.forward(t.Tape, images, labels, masks)
	count := block.Sums(1)[0]
	if t.right != nil {
		count = t.Tape.Call("", t.right, []*block.Value{logits, labels}, nil)[0]
	}
	if err := t.Tape.Run(); err != nil {
		return nil, err
	}
	total := float64(labels.Images())
	var right func() []float64
	if t.right != nil {
		right = fit.Read(count)
	} else {
		counted := fit.CountCorrect(logits, labels)
		right = func() []float64 { return []float64{counted} }
	}
	losses, factors := []*block.Value{loss}, []float32{1}
	if auxiliary != nil {
		losses, factors = append(losses, auxiliary), append(factors, float32(t.settings.Auxiliary))
	}
	descended, err := t.Descend(lr, losses, factors)
	return func() event.Metrics {
		m := event.Metrics{"lr": lr, "train_accuracy": right()[0] / total}
		losses, norm := descended()
		m["grad_norm"] = norm
		for i, x := range losses {
			m[[]string{"train_loss", "auxiliary_loss"}[i]] = x
		}
		return m
	}, err
}

// EndEpoch implements fit.Task: it measures loss and accuracy on the validation images, and in
// adversarial training also those under attack.
func (t *Training) EndEpoch(ctx context.Context, epoch int) (event.Metrics, map[string]any, error) {
	logits, err := t.model.Logits(ctx, t.Feeder, t.validation, nil)
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
	m := event.Metrics{"val_loss": table.Loss, "val_accuracy": table.Top1}
	if t.ball != nil {
		robust, err := t.robust(ctx, epoch)
		if err != nil {
			return nil, nil, err
		}
		maps.Copy(m, robust)
	}
	return m, nil, nil
}
