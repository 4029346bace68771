package search

import (
	"time"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/supernet"
	"github.com/essnas/essnas/lib/task"
)

// Search solves the bilevel problem of arXiv:1806.09055, eq. 3-4, in first or second order. It
// implements fit.Task.
type Search struct {
	task.Base
	settings settings.Search
	phases   []settings.Phase
	lengths  []int             // epochs of each phase; fewer than planned in a stopped phase
	backbone backbone.Backbone // without cells and channels, which belong to a phase
	ahead    *ahead            // compiles for later phases

	phase     int        // current phase; all following fields belong to it
	balance   [2]float64 // by level: factor that balances the terms of the loss
	decaying  float64    // weight of beta-decay in the current epoch
	net       *supernet.Network
	objective objective
	robust    *robustness // robust term of the architecture's loss; nil for none
	arch      *supernet.Arch
	mixing    *supernet.Mixing
	onDevice  architecture
	adam      fit.Adam // optimizer of the architecture

	twins                 *augment.Twins // draws views; nil without self-supervision
	weightsHalf, archHalf []int32
}

// New prepares a search: the first half of the training images belongs to the weights, the second
// to the architecture. It compiles nothing. New returns an error if the settings are invalid or a
// half has too few images for a batch.
func New(b *backend.Backend, set *data.Set, s settings.Search) (*Search, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	im := set.Train
	weights, arch := set.SearchHalves(s.Seed, s.Images)
	if err := task.CheckBatch("each half of the images has %d", min(len(weights), len(arch)), s.Batch); err != nil {
		return nil, err
	}
	base, err := task.Open(b, set, s.Shared, augment.Options{Crop: 4, Flip: true, Cutout: s.Cutout})
	if err != nil {
		return nil, err
	}
	t := assemble(base, backbone.Backbone{
		Classes: len(set.Classes), ImageChannels: im.Channels, ImageSide: im.Height, Batch: s.Batch / s.Devices, Partial: s.Partial,
	}, s)
	t.weightsHalf, t.archHalf = weights, arch
	t.robust = robustnessOf(set, s)
	if t.objective.views() == 2 {
		views, err := s.Distortions()
		if err == nil {
			t.twins, err = t.Feeder.Twins(views)
		}
		if err != nil {
			t.Close()
			return nil, err
		}
	}
	return t, nil
}

// assemble makes everything except the images. The phases of the settings are valid.
func assemble(base task.Base, w backbone.Backbone, s settings.Search) *Search {
	phases, err := s.PhaseList()
	if err != nil {
		panic(err)
	}
	w.Probe = s.SSFactor == 1
	t := &Search{Base: base, settings: s, phases: phases, backbone: w}
	for _, p := range phases {
		t.lengths = append(t.lengths, p.Epochs)
	}
	t.Enter(0, supernet.UniformSpace(s.Space()))
	return t
}

// Enter begins a phase, counted from 0: a network with these operations on its edges, new weights
// and a new architecture. A search calls it at the end of the previous phase. Other callers can
// inspect a phase without running earlier ones.
func (t *Search) Enter(phase int, space supernet.Space) {
	t.release()
	s := t.settings
	seed := s.Seed + uint64(phase)<<32
	t.phase, t.balance = phase, [2]float64{1, 1}
	t.net, t.objective = t.network(phase, space)
	t.arch = supernet.NewArch(space, s.Partial > 1, seed)
	t.arch.Auxiliary = s.AuxiliarySkip
	t.arch.Sigmoid, t.arch.ZeroOne = s.Sigmoid, s.ZeroOne
	t.mixing = t.mix(phase, t.arch)
	if t.Engine.SeparateMemory() {
		t.updateMixing() // with the device's rounding, as in each step
	}
	t.drop(place{Phase: t.phases[phase]}, 0, 0)
	t.Make(t.Plan(), seed, block.Separate, newProbing(t.Engine, s, t.net.Probe))
	t.adam = fit.Adam{Beta1: 0.5, Beta2: 0.999, WeightDecay: s.ArchWeightDecay}
}

// network returns the network of a phase with these operations, and its objective.
func (t *Search) network(phase int, space supernet.Space) (*supernet.Network, objective) {
	w := t.backbone
	w.Cells, w.Channels = t.phases[phase].Cells, t.phases[phase].Channels
	net := &supernet.Network{Backbone: w, Space: space}
	// Executables of operations serve the operations that later phases keep, and dropout.
	if len(t.phases) > 1 || t.phases[phase].SkipDropout > 0 || t.settings.RivalDropout > 0 {
		net.Span = supernet.Operations
	}
	return net, newObjective(t.Engine, t.settings, w)
}

// mix returns the mixing weights of a phase.
func (t *Search) mix(phase int, a *supernet.Arch) *supernet.Mixing {
	m, p := a.NewMixing(), t.phases[phase]
	if p.SkipDropout > 0 || t.settings.RivalDropout > 0 {
		m.Dropout = &supernet.Dropout{Rate: block.NewValue(nil), Seeds: map[supernet.CellEdge]*block.Value{}}
		if t.settings.RivalDropout > 0 {
			m.Dropout.Pools = block.NewValue(nil)
		}
		for c := range p.Cells {
			for e := range a.Alpha[0] {
				m.Dropout.Seeds[supernet.CellEdge{Cell: c, Edge: e}] = block.NewValue(nil)
			}
		}
	}
	return m
}

// release frees everything that belongs to the current phase.
func (t *Search) release() {
	t.freeDevice()
	t.Release()
}

// Plan returns the calls of a step of the current phase.
func (t *Search) Plan() *block.Plan { return planned(t.net, t.mixing, t.objective) }

func planned(net *supernet.Network, m *supernet.Mixing, o objective) *block.Plan {
	return block.NewPlan(func(r block.Runner) { o.forward(r, net, m, block.Sums(o.views()), &block.Value{}) })
}

// Count returns the number of weights of the phase's network, and the multiply-accumulates (MACs)
// of one image in a forward pass.
func (t *Search) Count() (weights, macs int) { return t.Plan().Count() }

// Prepare compiles the executables of the current phase and reports each to report. Those of later
// phases compile during the steps. Prepare returns an error if a block does not compile.
func (t *Search) Prepare(report func(done, total int, name string, took time.Duration)) error {
	plans := []*block.Plan{t.Plan()}
	for phase := t.phase + 1; phase < len(t.phases) && t.Engine.Lowering.Choices != nil; phase++ {
		plans = append(plans, t.laterPlan(phase)) // races end before the first step
	}
	if err := t.Engine.Race(report, plans...); err != nil {
		return err
	}
	if err := t.Engine.Prepare(plans[0], block.Train, block.Separate, report); err != nil {
		return err
	}
	if t.robust != nil {
		if err := t.Engine.Prepare(t.attackPlan(), block.Train, block.Images, report); err != nil {
			return err
		}
	}
	// with a single lane nothing runs in the background
	if t.ahead == nil && t.phase+1 < len(t.phases) && t.Engine.Lanes > 1 {
		t.ahead = t.compileAhead()
	}
	return nil
}

// Close frees the device's memory.
func (t *Search) Close() {
	if t.ahead != nil {
		t.ahead.stop()
	}
	t.freeDevice()
	t.Base.Close()
}

// Genotype returns the cell derived from the current alphas and betas.
func (t *Search) Genotype() cell.Genotype {
	t.syncHost()
	return t.arch.Derive(t.settings.SkipLimit)
}
