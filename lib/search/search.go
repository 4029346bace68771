package search

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/supernet"
	"github.com/gomlx/gomlx/core/tensors"
)

// Search is one search: the bilevel problem of arXiv:1806.09055, eq. 3-4, in first order. It implements fit.Task.
type Search struct {
	settings Settings
	phases   []Phase
	engine   *block.Engine
	wiring   cell.Wiring // of the first phase
	loss     *block.Block

	phase  int // the current one, to which all of these belong
	net    *supernet.Network
	arch   *supernet.Arch
	mixing *supernet.Mixing
	params []*block.Param
	tape   *block.Tape
	sgd    fit.SGD
	adam   fit.Adam

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
	weights, arch := set.SearchHalves(s.Seed, s.Images)
	if n := min(len(weights), len(arch)); n < s.Batch {
		return nil, fmt.Errorf("each half of the images has %d, too few for a batch of %d: use more images or a smaller batch", n, s.Batch)
	}
	feeder, err := augment.NewFeeder(b.Backend, im, set.Mean, set.Std, s.Batch, augment.Options{Crop: 4, Flip: true, Cutout: s.Cutout})
	if err != nil {
		return nil, err
	}
	t := assemble(block.NewEngine(b.Backend), cell.Wiring{
		Cells: s.Cells, Channels: s.Channels, Classes: len(set.Classes),
		ImageChannels: im.Channels, ImageSide: im.Height, Batch: s.Batch, Partial: s.Partial,
	}, s)
	t.feeder, t.weightsHalf, t.archHalf = feeder, weights, arch
	return t, nil
}

// assemble makes everything but the images. The settings' phases are valid.
func assemble(e *block.Engine, w cell.Wiring, s Settings) *Search {
	phases, err := s.phases()
	if err != nil {
		panic(err)
	}
	t := &Search{settings: s, phases: phases, engine: e, wiring: w, loss: fit.CrossEntropy(w.Classes, s.Batch)}
	t.enter(0, supernet.FullSpace())
	return t
}

// enter begins a phase: a network with these operations, fresh weights and a fresh architecture.
func (t *Search) enter(phase int, space supernet.Space) {
	t.release()
	s, p := t.settings, t.phases[phase]
	w := t.wiring
	w.Cells = p.Cells
	seed := s.Seed + uint64(phase)<<32
	t.phase = phase
	t.net = &supernet.Network{Wiring: w, Space: space}
	if len(t.phases) > 1 { // executables of operations serve the subsets that later phases keep
		t.net.Span = supernet.Operations
	}
	t.arch = supernet.NewArch(space, s.Partial > 1, seed)
	t.mixing = t.arch.NewMixing()
	t.drop(0, 0)
	t.params = t.plan().Params(seed)
	t.tape = block.NewTape(t.engine, t.params, block.Train, block.Separate)
	t.sgd = fit.SGD{Momentum: s.Momentum, WeightDecay: s.WeightDecay, Clip: s.Clip}
	t.adam = fit.Adam{Beta1: 0.5, Beta2: 0.999, WeightDecay: s.ArchWeightDecay}
}

// drop sets the skip connections' dropout of a step of the phase.
func (t *Search) drop(epoch, step int) {
	p := t.phases[t.phase]
	if p.SkipDropout == 0 {
		return
	}
	d := t.mixing.Dropout
	if d == nil {
		d = &supernet.Dropout{Rate: block.NewValue(nil), Seeds: map[supernet.Spot]*block.Value{}}
		t.mixing.Dropout = d
	}
	rate := p.dropout(epoch, t.settings.Epochs, t.settings.Frozen)
	d.Rate.Set(tensors.FromFlatDataAndDimensions([]float32{float32(rate)}, 1))
	r := fit.Random(t.settings.Seed, "skip dropout", t.phase*t.settings.Epochs+epoch, step)
	for c := range p.Cells {
		for e := range cell.Edges {
			spot := supernet.Spot{Cell: c, Edge: e}
			if d.Seeds[spot] == nil {
				d.Seeds[spot] = block.NewValue(nil)
			}
			d.Seeds[spot].Set(tensors.FromFlatDataAndDimensions([]int32{int32(r.Uint32())}, 1))
		}
	}
}

// release frees what belongs to the current phase.
func (t *Search) release() {
	if t.tape == nil {
		return
	}
	t.tape.Close()
	for _, p := range t.params {
		p.Value.Set(nil)
	}
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
	t.release()
	t.feeder.Close()
}

// Epochs implements fit.Task: of all phases.
func (t *Search) Epochs() int { return len(t.phases) * t.settings.Epochs }

// Steps implements fit.Task: whole batches of the weights' half.
func (t *Search) Steps(int) int { return len(t.weightsHalf) / t.settings.Batch }

// Step is one bilevel step: alphas and betas on a batch of the architecture's half (unless frozen), then, with these held
// fixed, the weights on a batch of theirs.
func (t *Search) Step(epoch, step int) (fit.Metrics, error) {
	s := t.settings
	inPhase := epoch - t.phase*s.Epochs
	m := fit.Metrics{"lr": fit.Cosine(s.LR, s.LRMin, inPhase, s.Epochs)}
	t.drop(inPhase, step)
	if inPhase >= s.Frozen {
		r, err := t.batch(t.archHalf, "architecture", epoch, step, t.architectureStep)
		if err != nil {
			return nil, err
		}
		m["arch_loss"], m["arch_accuracy"], m["arch_grad_norm"] = r.loss, r.accuracy, r.norm
	}
	r, err := t.batch(t.weightsHalf, "weights", epoch, step, func(x, y *block.Value) (result, error) { return t.weightsStep(x, y, m["lr"]) })
	if err != nil {
		return nil, err
	}
	if math.IsNaN(r.norm) || math.IsInf(r.norm, 0) {
		return nil, fmt.Errorf("the weights' gradient is %g in epoch %d, step %d: the search diverged; try a smaller lr", r.norm, epoch+1, step+1)
	}
	m["train_loss"], m["train_accuracy"], m["grad_norm"] = r.loss, r.accuracy, r.norm
	return m, nil
}

// result of one level's step; norm is the gradient's.
type result struct{ loss, accuracy, norm float64 }

// batch calls f with the step's batch of one half.
func (t *Search) batch(half []int32, stream string, epoch, step int, f func(images, labels *block.Value) (result, error)) (result, error) {
	b := t.settings.Batch
	order := augment.EpochOrder(half, t.settings.Seed, epoch)
	from := step % (len(order) / b) * b
	images, labels, err := t.feeder.Batch(order[from:from+b], fit.Random(t.settings.Seed, stream, epoch, step))
	if err != nil {
		return result{}, err
	}
	x, y := block.NewValue(images), block.NewValue(labels)
	defer x.Set(nil)
	defer y.Set(nil)
	return f(x, y)
}

// architectureStep updates alphas and betas.
func (t *Search) architectureStep(images, labels *block.Value) (result, error) {
	r, err := t.pass(images, labels, false)
	if err != nil {
		return r, err
	}
	gradient := t.arch.Gradient(t.mixing)
	flat := t.arch.Flat()
	t.adam.Step(flat, gradient, t.settings.ArchLR)
	t.arch.SetFlat(flat)
	t.arch.Update(t.mixing)
	r.norm = norm(gradient)
	return r, nil
}

// weightsStep updates the weights.
func (t *Search) weightsStep(images, labels *block.Value, lr float64) (result, error) {
	r, err := t.pass(images, labels, true)
	if err != nil {
		return r, err
	}
	t.arch.Gradient(t.mixing) // not this step's business: drop it
	r.norm = t.sgd.Step(t.params, lr)
	return r, nil
}

// pass runs the network forward and backward; weights says which gradients are wanted.
func (t *Search) pass(images, labels *block.Value, weights bool) (r result, err error) {
	loss, logits := t.forward(t.tape, images, labels)
	if err := t.tape.Run(); err != nil {
		return r, err
	}
	r.loss, r.accuracy = float64(loss.Floats()[0]), fit.Accuracy(logits, labels)
	t.tape.Seed(loss, 1)
	return r, t.tape.Backward(weights)
}

// EndEpoch implements fit.Task: what the architecture looks like now. At the end of a phase the next one is entered with
// the operations that are worth keeping.
func (t *Search) EndEpoch(epoch int) (fit.Metrics, map[string]any, error) {
	type table [2][cell.Edges][]float64
	var alphas table
	var betas [2][cell.Edges]float64
	for typ := range alphas {
		for e := range alphas[typ] {
			alphas[typ][e] = t.arch.Softmax(typ, e)
		}
		betas[typ] = t.arch.EdgeNorm(typ)
	}
	details := map[string]any{"alphas": alphas, "betas": betas, "genotype": t.Genotype()}
	if len(t.phases) > 1 {
		details["phase"], details["operations"] = t.phase, t.arch.Space
	}
	if next := t.phase + 1; (epoch+1)%t.settings.Epochs == 0 && next < len(t.phases) {
		t.enter(next, t.arch.Keep(t.phases[next].Operations))
		if err := t.Prepare(nil); err != nil {
			return nil, nil, err
		}
	}
	return fit.Metrics{}, details, nil
}

// Genotype is the cell that the alphas and betas stand for now.
func (t *Search) Genotype() cell.Genotype { return t.arch.Derive(t.settings.SkipLimit) }

// State implements fit.Task.
func (t *Search) State() (fit.State, error) {
	space, err := json.Marshal(t.arch.Space)
	if err != nil {
		return fit.State{}, err
	}
	s := fit.State{Arrays: map[string]fit.Array{}, Meta: map[string]string{"phase": strconv.Itoa(t.phase), "operations": string(space)}}
	fit.SaveParams(s, t.params)
	t.sgd.Save(s, t.params)
	t.adam.Save(s, "adam")
	flat := t.arch.Flat()
	s.Arrays["architecture"] = fit.Array{Shape: []int{len(flat)}, F32: flat}
	return s, nil
}

// Restore implements fit.Task.
func (t *Search) Restore(s fit.State) error {
	const remedy = "it was made with other settings or by another version; start the run anew"
	phase, err := strconv.Atoi(s.Meta["phase"])
	if err != nil || phase < 0 || phase >= len(t.phases) {
		return fmt.Errorf("the checkpoint is in phase %q, this search has %d: %s", s.Meta["phase"], len(t.phases), remedy)
	}
	var space supernet.Space
	if err := json.Unmarshal([]byte(s.Meta["operations"]), &space); err != nil {
		return fmt.Errorf("the checkpoint's operations can't be read (%v): %s", err, remedy)
	}
	t.enter(phase, space)
	flat := s.Arrays["architecture"].F32
	if len(flat) != len(t.arch.Flat()) {
		return fmt.Errorf("the checkpoint has %d alphas and betas, this search %d: %s", len(flat), len(t.arch.Flat()), remedy)
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
