package engine

import (
	"context"
	"fmt"
	"io"
)

// Do executes one job. Worker counts from 0 and is busy with one job at a time, so it can stand for
// a device. A cancelled context asks the job to save and to return the context's error.
type Do func(ctx context.Context, worker int, job Job) error

// Local runs jobs in this process.
type Local struct {
	workers int
	do      Do
	cancel  context.CancelFunc
	ends    chan End // closed after the last one
}

// NewLocal is an engine that runs up to so many jobs at a time.
func NewLocal(workers int, do Do) *Local { return &Local{workers: max(1, workers), do: do} }

// Submit implements [Engine]. The jobs get the context's values, and its cancellation cancels them.
func (l *Local) Submit(ctx context.Context, jobs []Job) error {
	if err := check(jobs); err != nil {
		return err
	}
	ctx, l.cancel = context.WithCancel(ctx)
	l.ends = make(chan End, len(jobs)) // never blocks, even if nobody calls Wait
	go l.run(ctx, jobs)
	return nil
}

// check returns an error for jobs that can't be ordered.
func check(jobs []Job) error {
	before := make(map[string]bool, len(jobs))
	for _, j := range jobs {
		switch {
		case before[j.Name]:
			return fmt.Errorf("two jobs have the name %q: give each its own", j.Name)
		case j.After != "" && !before[j.After]:
			return fmt.Errorf("job %q waits for %q, which is not listed before it", j.Name, j.After)
		}
		before[j.Name] = true
	}
	return nil
}

// run begins the first ready job whenever a worker is idle.
func (l *Local) run(ctx context.Context, jobs []Job) {
	defer close(l.ends)
	type result struct {
		worker, job int
		err         error
	}
	results := make(chan result)
	begun, succeeded := make([]bool, len(jobs)), map[string]bool{"": true}
	next := func() int {
		for i, j := range jobs {
			if !begun[i] && succeeded[j.After] {
				return i
			}
		}
		return -1
	}
	var idle []int
	for w := l.workers - 1; w >= 0; w-- {
		idle = append(idle, w)
	}
	for {
		for ctx.Err() == nil && len(idle) > 0 {
			i := next()
			if i < 0 {
				break
			}
			w := idle[len(idle)-1]
			idle, begun[i] = idle[:len(idle)-1], true
			go func() { results <- result{w, i, l.do(ctx, w, jobs[i])} }()
		}
		if len(idle) == l.workers {
			return
		}
		r := <-results
		idle = append(idle, r.worker)
		succeeded[jobs[r.job].Name] = r.err == nil
		l.ends <- End{jobs[r.job], r.err}
	}
}

// Wait implements [Engine].
func (l *Local) Wait(ctx context.Context) (End, error) {
	select {
	case end, ok := <-l.ends:
		if !ok {
			return End{}, io.EOF
		}
		return end, nil
	case <-ctx.Done():
		return End{}, ctx.Err()
	}
}

// Cancel implements [Engine]. It never fails.
func (l *Local) Cancel() error {
	l.cancel()
	return nil
}
