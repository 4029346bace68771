package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/search"
)

// task is a workload that is set up: what a run would do, without the run.
type task interface {
	Prepare(report func(done, total int, name string, took time.Duration)) error
	step(i int) error
	count() (weights, macs int)
	Close()
}

// start sets a workload up.
func (w Workload) start(b *backend.Backend) (task, error) {
	set := w.images()
	switch {
	case w.Search != nil:
		phase, _, epoch, space, err := w.last()
		if err != nil {
			return nil, err
		}
		s, err := search.New(b, set, *w.Search)
		if err != nil {
			return nil, err
		}
		if phase > 0 {
			s.Enter(phase, space)
		}
		return &searching{s, epoch}, nil
	case w.Inference:
		n := network.New(*w.Genotype, w.Train.Cells, w.Train.Channels, w.Classes, w.ImageChannels, w.Side, w.Train.Batch, false)
		e, err := block.Open(b, block.Options{Precision: w.Train.Precision})
		if err != nil {
			return nil, err
		}
		f, err := augment.NewFeeder(b.Backend, set.Train, set.Mean, set.Std, w.Train.Batch, augment.Options{Out: e.Lowering.From})
		if err != nil {
			return nil, err
		}
		plan := block.NewPlan(func(r block.Runner) { n.Run(r, &block.Value{}, nil) })
		return &inferring{network.ModelOf(e, n, plan.Params(w.Train.Seed)), f}, nil
	}
	t, err := network.NewTraining(b, set, *w.Genotype, *w.Train)
	if err != nil {
		return nil, err
	}
	return &training{t, w.Train.Epochs / 2}, nil
}

// images are random ones, enough for some batches.
func (w Workload) images() *data.Set {
	n := 8 * w.Batch()
	size := n * w.Side * w.Side * w.ImageChannels
	set := &data.Set{Name: "random", Train: data.Images{
		N: n, Height: w.Side, Width: w.Side, Channels: w.ImageChannels, Pixels: make([]uint8, size), Labels: make([]uint8, n),
	}}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range set.Train.Pixels {
		set.Train.Pixels[i] = uint8(r.Uint32())
	}
	for i := range set.Train.Labels {
		set.Train.Labels[i] = uint8(i % w.Classes)
	}
	for i := range w.Classes {
		set.Classes = append(set.Classes, fmt.Sprint(i))
	}
	for range w.ImageChannels {
		set.Mean, set.Std = append(set.Mean, 0.5), append(set.Std, 0.29)
	}
	return set
}

type searching struct {
	*search.Search
	epoch int
}

func (s *searching) step(i int) error {
	_, err := s.Step(s.epoch, i%s.Steps(s.epoch))
	return err
}

func (s *searching) count() (weights, macs int) { return s.Count() }

// training in the middle of its epochs, where paths are dropped with half of the probability.
type training struct {
	*network.Training
	epoch int
}

func (t *training) step(i int) error {
	_, err := t.Step(t.epoch, i%t.Steps(t.epoch))
	return err
}

func (t *training) count() (weights, macs int) { return t.Count() }

type inferring struct {
	*network.Model
	feeder *augment.Feeder
}

func (m *inferring) step(i int) error {
	batch := make([]int32, m.Net.Batch)
	for j := range batch {
		batch[j] = int32(i%8*len(batch) + j)
	}
	_, err := m.Logits(context.Background(), m.feeder, batch, nil)
	return err
}

func (m *inferring) count() (weights, macs int) { return m.Net.Count() }

func (m *inferring) Close() {
	m.Model.Close()
	m.feeder.Close()
}
