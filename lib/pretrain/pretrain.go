package pretrain

import (
	"math"
	"time"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/barlow"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/task"
)

// Pretraining trains the features of a network. It implements fit.Task.
type Pretraining struct {
	task.Base
	settings  settings.Pretrain
	set       *data.Set
	backend   *backend.Backend
	net       *network.Network // network whose features are trained
	projector *block.Block
	loss      *block.Block
	model     *network.Model // shares the weights, for measurements

	twins       *augment.Twins
	train, held []int32
}

// ProjectorLabel labels the weights of the projector.
const ProjectorLabel = "projector"

// New prepares a pretraining on the training images and holds some of them back. It compiles
// nothing. New returns an error if the settings are invalid or too few images are left for a batch.
func New(b *backend.Backend, set *data.Set, g cell.Genotype, s settings.Pretrain) (*Pretraining, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if err := g.Validate(); err != nil {
		return nil, err
	}
	views, err := s.Distortions()
	if err != nil {
		return nil, err
	}
	train, held := set.TrainValidation(s.Seed, s.Images)
	if err := task.CheckBatch("%d images are left for training", len(train), s.Batch); err != nil {
		return nil, err
	}
	base, err := task.Open(b, set, s.Shared, augment.Options{})
	if err != nil {
		return nil, err
	}
	twins, err := base.Feeder.Twins(views)
	if err != nil {
		base.Close()
		return nil, err
	}
	t := assemble(base, Network(g, s, set.Train.Channels, set.Train.Height), s)
	t.backend, t.set, t.twins, t.train, t.held = b, set, twins, train, held
	return t, nil
}

// Network returns the network whose features are trained, for images [channels, side, side].
func Network(g cell.Genotype, s settings.Pretrain, channels, side int) *network.Network {
	return network.New(g, s.Cells, s.Channels, 0, channels, side, s.Batch/s.Devices, false)
}

// assemble makes everything except the images. The settings are valid.
func assemble(base task.Base, net *network.Network, s settings.Pretrain) *Pretraining {
	sizes, err := s.Sizes()
	if err != nil {
		panic(err)
	}
	t := &Pretraining{
		Base:      base,
		settings:  s,
		net:       net,
		projector: barlow.Projector(net.Features(), sizes, net.Batch),
		loss:      barlow.Loss(sizes[len(sizes)-1], net.Batch, s.Lambda),
	}
	t.Make(t.plan(), s.Seed, block.Joint, optimizer(t.Engine, s))
	t.model = network.ModelOf(t.Engine, net, t.Params)
	return t
}

func optimizer(e *block.Engine, s settings.Pretrain) fit.Optimizer {
	switch s.Optimizer {
	case "lars":
		return &fit.LARS{Momentum: s.Momentum, WeightDecay: s.WeightDecay, Trust: 0.001, Vectors: s.LRVectors, Engine: e}
	case "sgd":
		return &fit.SGD{Momentum: s.Momentum, WeightDecay: s.WeightDecay, Clip: math.MaxFloat32, Engine: e}
	}
	return &fit.Adams{Beta1: 0.9, Beta2: 0.999, WeightDecay: s.WeightDecay, Engine: e}
}

func (t *Pretraining) plan() *block.Plan {
	return block.NewPlan(func(r block.Runner) { t.forward(r, block.Sums(2)) })
}

// forward makes the calls of one pass on the images of both views, up to the loss.
func (t *Pretraining) forward(r block.Runner, views []*block.Value) *block.Value {
	var embeddings []*block.Value
	for _, images := range views {
		features := t.net.Run(r, images, nil).Features
		embeddings = append(embeddings, r.Call(ProjectorLabel, t.projector, []*block.Value{features}, nil)[0])
	}
	return r.Call("", t.loss, embeddings, nil)[0]
}

// Prepare compiles the executables of steps and measurements and reports each to report. It returns
// an error if a block does not compile.
func (t *Pretraining) Prepare(report func(done, total int, name string, took time.Duration)) error {
	if err := t.Engine.Prepare(t.plan(), block.Train, block.Joint, report); err != nil {
		return err
	}
	return t.model.Prepare(report)
}

// Epochs implements fit.Task.
func (t *Pretraining) Epochs() int { return t.settings.Epochs }

// Steps implements fit.Task: whole batches.
func (t *Pretraining) Steps(int) int { return len(t.train) / t.settings.Batch }

// Begin starts the pretraining with all weights and running statistics of an earlier one with the
// same network and projector. It returns an error if the state belongs to another network.
func (t *Pretraining) Begin(from fit.State, _ bool) error { return fit.LoadParams(from, t.Params) }

// Step implements fit.Task.
func (t *Pretraining) Step(epoch, step int) (event.Metrics, error) {
	return task.ReadNow(t.Launch(epoch, step))
}

// Launch implements fit.Ahead: it trains on two views of one batch.
func (t *Pretraining) Launch(epoch, step int) (read func() (event.Metrics, error), err error) {
	s := t.settings
	order := augment.EpochOrder(t.train, s.Seed, epoch)
	a, b, labels, err := t.twins.Batch(order[step*s.Batch:(step+1)*s.Batch], fit.Random(s.Seed, "views", epoch, step))
	if err != nil {
		return nil, err
	}
	labels.MustFinalizeAll() // labels are not used
	views := []*block.Value{t.Engine.SplitImages(a), t.Engine.SplitImages(b)}
	defer views[0].Set(nil)
	defer views[1].Set(nil)
	steps := t.Steps(epoch)
	lr := fit.WarmUp(s.Rate(), s.Rate()/1000, epoch*steps+step, s.WarmUp*steps, s.Epochs*steps)
	measured, err := t.step(views, lr)
	if err != nil {
		return nil, err
	}
	return func() (event.Metrics, error) { return measured(), nil }, nil
}

// step updates the weights by one batch.
func (t *Pretraining) step(views []*block.Value, lr float64) (measured func() event.Metrics, err error) {
	loss := t.forward(t.Tape, views)
	if err := t.Tape.Run(); err != nil {
		return nil, err
	}
	descended, err := t.Descend(lr, []*block.Value{loss}, []float32{1})
	return func() event.Metrics {
		losses, norm := descended()
		return event.Metrics{"lr": lr, "train_loss": losses[0], "grad_norm": norm}
	}, err
}
