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
	settings  Settings
	phases    []Phase
	engine    *block.Engine
	wiring    cell.Wiring // of the first phase
	objective objective

	phase  int // the current one, to which all of these belong
	net    *supernet.Network
	arch   *supernet.Arch
	mixing *supernet.Mixing
	params []*block.Param
	tape   *block.Tape
	sgd    fit.SGD
	probe  fit.SGD // of the classifier where it is one: its gradient has no part in the norm that is clipped
	adam   fit.Adam

	feeder                *augment.Feeder
	twins                 *augment.Twins // of the feeder's images; nil without self-supervision
	weightsHalf, archHalf []int32
}

// New sets a search up: the first half of the training images is the weights', the second the architecture's. Nothing is
// compiled yet.
func New(b *backend.Backend, set *data.Set, s Settings) (*Search, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	e, err := block.Several(b.Backend, s.Devices)
	if err != nil {
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
	t := assemble(e, cell.Wiring{
		Cells: s.Cells, Channels: s.Channels, Classes: len(set.Classes),
		ImageChannels: im.Channels, ImageSide: im.Height, Batch: s.Batch / s.Devices, Partial: s.Partial,
	}, s)
	t.feeder, t.weightsHalf, t.archHalf = feeder, weights, arch
	if t.objective.views() == 2 {
		views, err := augment.ParseViews(s.Views)
		if err == nil {
			t.twins, err = feeder.Twins(views)
		}
		if err != nil {
			t.Close()
			return nil, err
		}
	}
	return t, nil
}

// assemble makes everything but the images. The settings' phases are valid.
func assemble(e *block.Engine, w cell.Wiring, s Settings) *Search {
	phases, err := s.phases()
	if err != nil {
		panic(err)
	}
	w.Probe = s.SSFactor == 1
	t := &Search{settings: s, phases: phases, engine: e, wiring: w, objective: newObjective(s, w)}
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
	t.probe = t.sgd
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
			seeds := make([]int32, t.engine.Width())
			for i := range seeds {
				seeds[i] = int32(r.Uint32())
			}
			t.engine.SetSplit(d.Seeds[spot], tensors.FromFlatDataAndDimensions(seeds, len(seeds)), 0)
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
	return block.NewPlan(func(r block.Runner) {
		t.objective.forward(r, t.net, t.mixing, block.Sums(t.objective.views()), &block.Value{})
	})
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
		r.record(m, "arch_")
		m["arch_grad_norm"] = r.norm
	}
	r, err := t.batch(t.weightsHalf, "weights", epoch, step, func(x []*block.Value, y *block.Value) (result, error) {
		return t.weightsStep(x, y, m["lr"])
	})
	if err != nil {
		return nil, err
	}
	if math.IsNaN(r.norm) || math.IsInf(r.norm, 0) {
		return nil, fmt.Errorf("the weights' gradient is %g in epoch %d, step %d: the search diverged; try a smaller lr", r.norm, epoch+1, step+1)
	}
	r.record(m, "train_")
	m["grad_norm"] = r.norm
	return m, nil
}

// result of one level's step: the loss and its terms, and the gradient's norm. Without self-supervision the loss is the
// cross-entropy.
type result struct{ loss, crossEntropy, twins, accuracy, norm float64 }

// record puts a result among the metrics.
func (r result) record(m fit.Metrics, prefix string) {
	m[prefix+"loss"], m[prefix+"accuracy"] = r.loss, r.accuracy
	if r.twins != 0 {
		m[prefix+"ce"], m[prefix+"bt"] = r.crossEntropy, r.twins
	}
}

// batch calls f with the step's batch of one half: its views and its labels.
func (t *Search) batch(half []int32, stream string, epoch, step int, f func(views []*block.Value, labels *block.Value) (result, error)) (result, error) {
	b := t.settings.Batch
	order := augment.EpochOrder(half, t.settings.Seed, epoch)
	from := step % (len(order) / b) * b
	index, r := order[from:from+b], fit.Random(t.settings.Seed, stream, epoch, step)
	var images []*tensors.Tensor
	var labels *tensors.Tensor
	var err error
	if t.objective.views() == 2 {
		images = make([]*tensors.Tensor, 2)
		images[0], images[1], labels, err = t.twins.Batch(index, r)
	} else {
		images = make([]*tensors.Tensor, 1)
		images[0], labels, err = t.feeder.Batch(index, r)
	}
	if err != nil {
		return result{}, err
	}
	y := t.engine.Split(labels, 0)
	defer y.Set(nil)
	var x []*block.Value
	for _, i := range images {
		v := t.engine.Split(i, 3)
		defer v.Set(nil)
		x = append(x, v)
	}
	return f(x, y)
}

// architectureStep updates alphas and betas.
func (t *Search) architectureStep(views []*block.Value, labels *block.Value) (result, error) {
	ce, bt := t.objective.factors()
	r, err := t.pass(views, labels, ce, bt, false)
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
func (t *Search) weightsStep(views []*block.Value, labels *block.Value, lr float64) (result, error) {
	ce, bt := t.objective.factors()
	r, err := t.pass(views, labels, ce, bt, true)
	if err != nil {
		return r, err
	}
	t.arch.Gradient(t.mixing) // not this step's business: drop it
	trunk, classifier := t.split()
	r.norm = t.sgd.Step(trunk, lr)
	t.probe.Step(classifier, lr)
	return r, nil
}

// split is the params that the loss trains, and those of a classifier that probes.
func (t *Search) split() (trunk, classifier []*block.Param) {
	for _, p := range t.params {
		if t.net.Probe && p.Label == cell.ClassifierLabel {
			classifier = append(classifier, p)
		} else {
			trunk = append(trunk, p)
		}
	}
	return
}

// pass runs the network forward and backward, with these factors before the terms' gradients; weights says which
// gradients are wanted.
func (t *Search) pass(views []*block.Value, labels *block.Value, ce, bt float64, weights bool) (r result, err error) {
	terms := t.objective.forward(t.tape, t.net, t.mixing, views, labels)
	if err := t.tape.Run(); err != nil {
		return r, err
	}
	r = t.objective.read(terms, labels)
	terms.seed(t.tape, ce, bt)
	return r, t.tape.Backward(weights)
}

// termNorms are the norms of the weights' gradients of the loss's two terms, each by itself, on the first batch of an epoch.
func (t *Search) termNorms(epoch int) (ce, bt float64, err error) {
	measure := func(ce, bt float64) (float64, error) {
		r, err := t.batch(t.weightsHalf, "weights", epoch, 0, func(x []*block.Value, y *block.Value) (result, error) {
			_, err := t.pass(x, y, ce, bt, true)
			if err != nil {
				return result{}, err
			}
			t.arch.Gradient(t.mixing)
			r := result{norm: fit.GradientNorm(t.params)}
			for _, p := range t.params {
				p.Value.DropGradient()
			}
			return r, nil
		})
		return r.norm, err
	}
	if ce, err = measure(1, 0); err == nil {
		bt, err = measure(0, 1)
	}
	return
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
	m := fit.Metrics{}
	if t.objective.factor > 0 && t.objective.factor < 1 {
		ce, bt, err := t.termNorms(epoch)
		if err != nil {
			return nil, nil, err
		}
		m["ce_grad_norm"], m["bt_grad_norm"] = ce, bt
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
	return m, details, nil
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
	trunk, classifier := t.split()
	t.sgd.Save(s, trunk)
	t.probe.Save(s, classifier)
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
	trunk, classifier := t.split()
	if err := t.sgd.Load(s, trunk); err != nil {
		return err
	}
	if err := t.probe.Load(s, classifier); err != nil {
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
