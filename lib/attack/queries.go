package attack

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// Attacks are functions of one image that request logits and gradients. This file collects the
// requests into full batches. Each image of a batch is attacked in its own goroutine. When all
// goroutines wait, their requests form a batch. After an image is finished, the next one takes its
// place.

// queries answers the requests of an attack on one image. Its methods do not return if the run ends
// early.
type queries struct {
	batcher *batcher
	order   int // orders the requests of a batch
	// zero: all pixels of the first gradient were 0
	zero, began bool
}

// request is one image of a batch, and the classifier's answer.
type request struct {
	order    int
	x        []float32
	loss     loss // nil: logits only
	value    float64
	logits   []float32
	gradient []float32
	answered chan bool // false: the run has ended
}

// logits returns the scores [classes] of an image.
func (q *queries) logits(x []float32) []float32 { return q.ask(x, nil).logits }

// gradient returns a loss at an image, the logits [classes], and the gradient with respect to the
// pixels [pixels].
func (q *queries) gradient(x []float32, l loss) (value float64, logits, gradient []float32) {
	a := q.ask(x, l)
	if !q.began {
		q.began = true
		q.zero = !slices.ContainsFunc(a.gradient, func(g float32) bool { return g != 0 })
	}
	return a.value, a.logits, a.gradient
}

// ended is the panic of a goroutine whose run has ended.
type ended struct{}

func (q *queries) ask(x []float32, l loss) *request {
	a := &request{order: q.order, x: x, loss: l, answered: make(chan bool, 1)}
	q.batcher.mu.Lock()
	q.batcher.open = append(q.batcher.open, a)
	q.batcher.changed.Signal()
	q.batcher.mu.Unlock()
	if !<-a.answered {
		panic(ended{})
	}
	return a
}

// batcher collects the waiting requests.
type batcher struct {
	c       Classifier
	mu      sync.Mutex
	changed *sync.Cond
	open    []*request
	live    int // goroutines at work or waiting
}

// each calls f for the tasks 0..n-1 in order, a batch of them at a time. It returns an error if the
// classifier fails or the context ends.
func each(ctx context.Context, c Classifier, n int, f func(q *queries, task int)) error {
	d := &batcher{c: c}
	d.changed = sync.NewCond(&d.mu)
	free := make([]int, c.Batch())
	for i := range free {
		free[i] = i
	}
	next := 0
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		for ; next < n && len(free) > 0; next++ {
			task, order := next, free[0]
			free = free[1:]
			d.live++
			go func() {
				defer func() {
					r := recover()
					if _, end := r.(ended); r != nil && !end {
						panic(r)
					}
					d.mu.Lock()
					d.live--
					free = append(free, order)
					slices.Sort(free)
					d.changed.Signal()
					d.mu.Unlock()
				}()
				f(&queries{batcher: d, order: order}, task)
			}()
		}
		if d.live == 0 && next == n {
			return nil
		}
		for len(d.open) < d.live {
			d.changed.Wait()
		}
		if len(free) > 0 && next < n {
			continue // a goroutine has finished: the batch is not full yet
		}
		if d.live == 0 {
			continue
		}
		open := d.open
		d.open = nil
		d.mu.Unlock()
		err := ctx.Err()
		if err == nil {
			err = d.answer(open)
		}
		d.mu.Lock()
		for _, a := range open {
			a.answered <- err == nil
		}
		if err != nil {
			for d.live > 0 {
				d.changed.Wait()
			}
			return err
		}
	}
}

// answer runs the classifier, once for all gradients and once for all logits.
func (d *batcher) answer(open []*request) error {
	slices.SortFunc(open, func(a, b *request) int { return cmp.Compare(a.order, b.order) })
	var gradients, logits []*request
	for _, a := range open {
		if a.loss != nil {
			gradients = append(gradients, a)
		} else {
			logits = append(logits, a)
		}
	}
	if len(gradients) > 0 {
		classes := d.c.Classes()
		g, err := d.c.Gradient(d.batch(gradients), func(z []float32) []float32 {
			cotangent := make([]float32, len(z))
			for i, a := range gradients {
				a.logits = z[i*classes:][:classes:classes]
				a.value = float64(float32(a.loss(a.logits, cotangent[i*classes:][:classes])))
			}
			return cotangent
		})
		if err != nil {
			return err
		}
		for i, a := range gradients {
			n := len(a.x)
			a.gradient = g[i*n:][:n:n]
		}
	}
	if len(logits) > 0 {
		z, err := d.c.Logits(d.batch(logits))
		if err != nil {
			return err
		}
		classes := d.c.Classes()
		for i, a := range logits {
			a.logits = z[i*classes:][:classes:classes]
		}
	}
	return nil
}

// batch concatenates images into a batch and fills the rest with black.
func (d *batcher) batch(open []*request) []float32 {
	all := make([]float32, d.c.Batch()*size(d.c))
	for i, a := range open {
		copy(all[i*len(a.x):], a.x)
	}
	return all
}
