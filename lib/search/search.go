package search

import (
	"fmt"
	"math"
	"time"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/supernet"
)

// Search is one search: the bilevel problem of arXiv:1806.09055, eq. 3-4, in first order. It implements fit.Task.
type Search struct {
	settings Settings
	engine   *block.Engine
	net      *supernet.Network
	arch     *supernet.Arch
	mixing   *supernet.Mixing
	params   []*block.Param
	tape     *block.Tape
	loss     *block.Block
	sgd      fit.SGD
	adam     fit.Adam

	feeder                *augment.Feeder
	weightsHalf, archHalf []int32
}

// New sets a search up: the first half of the training images is the weights', the second the architecture's. Nothing is
// compiled yet.
func New(b *backend.Backend, set *data.Set, s Settings) (*Search, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	im := set.Train
	net := &supernet.Network{Space: supernet.FullSpace(), Wiring: cell.Wiring{
		Cells: s.Cells, Channels: s.Channels, Classes: len(set.Classes),
		ImageChannels: im.Channels, ImageSide: im.Height, Batch: s.Batch, Partial: s.Partial,
	}}
	feeder, err := augment.NewFeeder(b.Backend, im, set.Mean, set.Std, s.Batch, augment.Options{Crop: 4, Flip: true, Cutout: s.Cutout})
	if err != nil {
		return nil, err
	}
	t := &Search{
		settings: s,
		engine:   block.NewEngine(b.Backend),
		net:      net,
		arch:     supernet.NewArch(net.Space, s.Partial > 1, s.Seed),
		loss:     fit.CrossEntropy(net.Classes, s.Batch),
		sgd:      fit.SGD{Momentum: s.Momentum, WeightDecay: s.WeightDecay, Clip: s.Clip},
		adam:     fit.Adam{Beta1: 0.5, Beta2: 0.999, WeightDecay: s.ArchWeightDecay},
		feeder:   feeder,
	}
	t.weightsHalf, t.archHalf = set.SearchHalves(s.Seed, s.Images)
	if n := min(len(t.weightsHalf), len(t.archHalf)); n < s.Batch {
		feeder.Close()
		return nil, fmt.Errorf("each half of the images has %d, too few for a batch of %d: use more images or a smaller batch", n, s.Batch)
	}
	t.mixing = t.arch.NewMixing()
	t.params = t.plan().Params(s.Seed)
	t.tape = block.NewTape(t.engine, t.params, block.Train, block.Separate)
	return t, nil
}

func (t *Search) plan() *block.Plan {
	return block.NewPlan(func(r block.Runner) { t.forward(r, &block.Value{}, &block.Value{}) })
}

// forward makes the calls of one pass: images [c, h, h, b] and labels [b] to a loss and logits.
func (t *Search) forward(r block.Runner, images, labels *block.Value) (loss, logits *block.Value) {
	out := t.net.Run(r, images, t.mixing)
	return r.Call("", t.loss, []*block.Value{out.Logits, labels}, nil)[0], out.Logits
}

// Prepare compiles what the steps need; report hears of each executable.
func (t *Search) Prepare(report func(done, total int, name string, took time.Duration)) error {
	return t.engine.Prepare(t.plan(), block.Train, block.Separate, report)
}

// Close frees the device's memory.
func (t *Search) Close() {
	t.tape.Close()
	t.feeder.Close()
	for _, p := range t.params {
		p.Value.Set(nil)
	}
}

// Epochs implements fit.Task.
func (t *Search) Epochs() int { return t.settings.Epochs }

// Steps implements fit.Task: whole batches of the weights' half.
func (t *Search) Steps(int) int { return len(t.weightsHalf) / t.settings.Batch }

// Step is one bilevel step: alphas and betas on a batch of the architecture's half (unless frozen), then, with these held
// fixed, the weights on a batch of theirs.
func (t *Search) Step(epoch, step int) (fit.Metrics, error) {
	s := t.settings
	m := fit.Metrics{"lr": fit.Cosine(s.LR, s.LRMin, epoch, s.Epochs)}
	if epoch >= s.Frozen {
		loss, accuracy, err := t.pass(t.archHalf, "architecture", epoch, step, false)
		if err != nil {
			return nil, err
		}
		gradient := t.arch.Gradient(t.mixing)
		flat := t.arch.Flat()
		t.adam.Step(flat, gradient, s.ArchLR)
		t.arch.SetFlat(flat)
		t.arch.Update(t.mixing)
		m["arch_loss"], m["arch_accuracy"], m["arch_grad_norm"] = loss, accuracy, norm(gradient)
	}
	loss, accuracy, err := t.pass(t.weightsHalf, "weights", epoch, step, true)
	if err != nil {
		return nil, err
	}
	t.arch.Gradient(t.mixing) // not this step's business: drop it
	gradNorm := t.sgd.Step(t.params, m["lr"])
	if math.IsNaN(gradNorm) || math.IsInf(gradNorm, 0) {
		return nil, fmt.Errorf("the weights' gradient is %g in epoch %d, step %d: the search diverged; try a smaller lr", gradNorm, epoch+1, step+1)
	}
	m["train_loss"], m["train_accuracy"], m["grad_norm"] = loss, accuracy, gradNorm
	return m, nil
}

// pass runs the network forward and backward on a batch of one half; weights says which gradients are wanted.
func (t *Search) pass(half []int32, stream string, epoch, step int, weights bool) (loss, accuracy float64, err error) {
	b := t.settings.Batch
	order := augment.EpochOrder(half, t.settings.Seed, epoch)
	from := step % (len(order) / b) * b
	images, labels, err := t.feeder.Batch(order[from:from+b], fit.Random(t.settings.Seed, stream, epoch, step))
	if err != nil {
		return 0, 0, err
	}
	x, y := block.NewValue(images), block.NewValue(labels)
	defer x.Set(nil)
	defer y.Set(nil)
	value, logits := t.forward(t.tape, x, y)
	if err := t.tape.Run(); err != nil {
		return 0, 0, err
	}
	loss = float64(value.Floats()[0])
	accuracy = fit.Accuracy(logits, y)
	t.tape.Seed(value, 1)
	return loss, accuracy, t.tape.Backward(weights)
}

// EndEpoch implements fit.Task: what the architecture looks like now.
func (t *Search) EndEpoch(int) (fit.Metrics, map[string]any, error) {
	type table [2][cell.Edges][]float64
	var alphas table
	var betas [2][cell.Edges]float64
	for typ := range alphas {
		for e := range alphas[typ] {
			alphas[typ][e] = t.arch.Softmax(typ, e)
		}
		betas[typ] = t.arch.EdgeNorm(typ)
	}
	return fit.Metrics{}, map[string]any{"alphas": alphas, "betas": betas, "genotype": t.arch.Derive()}, nil
}

// Genotype is the cell that the alphas and betas stand for now.
func (t *Search) Genotype() cell.Genotype { return t.arch.Derive() }

// State implements fit.Task.
func (t *Search) State() (fit.State, error) {
	s := fit.State{Arrays: map[string]fit.Array{}, Meta: map[string]string{}}
	fit.SaveParams(s, t.params)
	t.sgd.Save(s, t.params)
	t.adam.Save(s, "adam")
	flat := t.arch.Flat()
	s.Arrays["architecture"] = fit.Array{Shape: []int{len(flat)}, F32: flat}
	return s, nil
}

// Restore implements fit.Task.
func (t *Search) Restore(s fit.State) error {
	flat := s.Arrays["architecture"].F32
	if len(flat) != len(t.arch.Flat()) {
		return fmt.Errorf("the checkpoint has %d alphas and betas, this search %d: it was made with other settings; start the run anew", len(flat), len(t.arch.Flat()))
	}
	t.arch.SetFlat(flat)
	t.arch.Update(t.mixing)
	if err := t.adam.Load(s, "adam"); err != nil {
		return err
	}
	if err := t.sgd.Load(s, t.params); err != nil {
		return err
	}
	return fit.LoadParams(s, t.params)
}

func norm(g []float32) float64 {
	sum := 0.0
	for _, x := range g {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}
