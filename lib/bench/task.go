package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/essnas/essnas/lib/attack"
	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/search"
	"github.com/essnas/essnas/lib/train"
)

// task is a workload that is ready to make steps.
type task interface {
	Prepare(report func(done, total int, name string, took time.Duration)) error
	// launch starts step i; read waits for its measurements.
	launch(i int) (read func() error, err error)
	count() (weights, macs int)
	Close()
}

// whole makes step i to its end.
func whole(t task, i int) error {
	read, err := t.launch(i)
	if err != nil {
		return err
	}
	return read()
}

// measured drops the metrics.
func measured(read func() (event.Metrics, error), err error) (func() error, error) {
	return func() error {
		_, err := read()
		return err
	}, err
}

// start prepares a workload. For an epoch it uses the number of images of a search.
func (w Workload) start(b *backend.Backend, epoch bool) (task, error) {
	n := 8 * w.Batch()
	if epoch {
		n = max(n, w.EpochImages)
	}
	set := w.images(n)
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
	case w.Attack != "":
		return w.attacking(b, set)
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
	t, err := train.New(b, set, *w.Genotype, *w.Train)
	if err != nil {
		return nil, err
	}
	return &training{t, w.Train.Epochs / 2}, nil
}

// images returns n random images.
func (w Workload) images(n int) *data.Set {
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

func (s *searching) launch(i int) (func() error, error) {
	return measured(s.Launch(s.epoch, i%s.Steps(s.epoch)))
}

// oneEpoch is the first epoch of a search.
type oneEpoch struct{ *search.Search }

func (oneEpoch) Epochs() int { return 1 }

// run runs the epoch as a search does, with its checkpoint, in a temporary directory.
func (s *searching) run(ctx context.Context, b *backend.Backend) (*Epoch, error) {
	dir, err := os.MkdirTemp("", "essnas-bench-epoch-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	before, begin, busy := b.Counts(), time.Now(), cpuTime()
	if err := fit.Run(ctx, oneEpoch{s.Search}, fit.Store{Dir: dir}, fit.Options{Ahead: time.Second / 2}); err != nil {
		return nil, err
	}
	after := b.Counts()
	return &Epoch{
		Steps: s.Steps(0), Seconds: time.Since(begin).Seconds(), CPU: (cpuTime() - busy).Seconds(),
		Executions: after.Executions - before.Executions, Waits: after.Waits - before.Waits,
	}, nil
}

func (s *searching) count() (weights, macs int) { return s.Count() }

// training is a training in the middle of its epochs, where drop path has half of its probability.
type training struct {
	*train.Training
	epoch int
}

func (t *training) launch(i int) (func() error, error) {
	return measured(t.Launch(t.epoch, i%t.Steps(t.epoch)))
}

func (t *training) count() (weights, macs int) { return t.Count() }

type inferring struct {
	*network.Model
	feeder *augment.Feeder
}

func (m *inferring) launch(i int) (func() error, error) {
	batch := make([]int32, m.Net.Batch)
	for j := range batch {
		batch[j] = int32(i%8*len(batch) + j)
	}
	_, err := m.Logits(context.Background(), m.feeder, batch, nil)
	return func() error { return nil }, err
}

func (m *inferring) count() (weights, macs int) { return m.Net.Count() }

func (m *inferring) Close() {
	m.Model.Close()
	m.feeder.Close()
}

// attacking is a network under attack. A step makes the adversarial images of a batch, with the
// network's answers to them.
type attacking struct {
	*network.Pixels
	model *network.Model
	set   *data.Set
	how   attack.Options
}

// attacking prepares the network of an attack, in evaluation mode with its initial weights.
func (w Workload) attacking(b *backend.Backend, set *data.Set) (task, error) {
	n := network.New(*w.Genotype, w.Train.Cells, w.Train.Channels, w.Classes, w.ImageChannels, w.Side, w.Train.Batch, false)
	e, err := block.Open(b, block.Options{Precision: w.Train.Precision})
	if err != nil {
		return nil, err
	}
	plan := block.NewPlan(func(r block.Runner) { n.Run(r, &block.Value{}, nil) })
	m := network.ModelOf(e, n, plan.Params(w.Train.Seed))
	p, err := m.Pixels(set.Mean, set.Std)
	if err != nil {
		m.Close()
		return nil, err
	}
	return &attacking{p, m, set, attack.Options{Method: w.Attack, Eps: []float64{8. / 255}}}, nil
}

func (a *attacking) launch(i int) (func() error, error) {
	im, n := a.set.Train, a.Batch()
	from, size := i%8*n, im.Height*im.Width*im.Channels
	im.N, im.Pixels, im.Labels = n, im.Pixels[from*size:][:n*size], im.Labels[from:][:n]
	_, err := attack.Adversarial(context.Background(), a.Pixels, im, a.how)
	return func() error { return nil }, err
}

func (a *attacking) count() (weights, macs int) { return a.model.Net.Count() }

func (a *attacking) Close() {
	a.Pixels.Close()
	a.model.Close()
}
