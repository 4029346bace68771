package attack

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// Attacks are functions of one image that ask for logits and gradients; this file forms full
// batches of their questions. Each image of a batch is attacked in a goroutine of its own. When all
// goroutines wait, their questions form a batch. A finished image makes room for the next one at
// once.

// queries answers the questions of an attack on one image. Its methods do not return if the run
// ends early.
type queries struct {
	desk *desk
	seat int // orders the questions of a batch
	// zero: all pixels of the first gradient were 0
	zero, began bool
}

// question is one image of a batch, and its answer.
type question struct {
	seat     int
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

func (q *queries) ask(x []float32, l loss) *question {
	a := &question{seat: q.seat, x: x, loss: l, answered: make(chan bool, 1)}
	q.desk.mu.Lock()
	q.desk.open = append(q.desk.open, a)
	q.desk.changed.Signal()
	q.desk.mu.Unlock()
	if !<-a.answered {
		panic(ended{})
	}
	return a
}

// desk holds the waiting questions.
type desk struct {
	c       Classifier
	mu      sync.Mutex
	changed *sync.Cond
	open    []*question
	live    int // goroutines at work or waiting
}

// each calls f for the tasks 0..n-1 in their order, a batch of them at a time. It returns an error
// if the classifier fails or the context ends.
func each(ctx context.Context, c Classifier, n int, f func(q *queries, task int)) error {
	d := &desk{c: c}
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
			task, seat := next, free[0]
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
					free = append(free, seat)
					slices.Sort(free)
					d.changed.Signal()
					d.mu.Unlock()
				}()
				f(&queries{desk: d, seat: seat}, task)
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

// answer asks the classifier, once for gradients and once for logits.
func (d *desk) answer(open []*question) error {
	slices.SortFunc(open, func(a, b *question) int { return cmp.Compare(a.seat, b.seat) })
	var gradients, logits []*question
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

// batch joins images to a batch and fills the rest with black.
func (d *desk) batch(open []*question) []float32 {
	all := make([]float32, d.c.Batch()*size(d.c))
	for i, a := range open {
		copy(all[i*len(a.x):], a.x)
	}
	return all
}
