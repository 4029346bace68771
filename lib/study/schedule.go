package study

import "context"

// schedule does jobs 0 ... n-1 on so many workers, each of which does one at a time: the first that is ready whenever a worker is idle. A job is ready when
// after(job) has been done (-1: at once). One that fails keeps those after it from being done, and nothing else; a cancelled context ends all. do is told the
// worker, whose device it is to compute on. What failed is returned by job.
func schedule(ctx context.Context, n, workers int, after func(job int) int, do func(ctx context.Context, worker, job int) error) (failed map[int]error) {
	type end struct {
		worker, job int
		err         error
	}
	const (
		waiting = iota
		begun
		done
	)
	ended := make(chan end)
	state := make([]int, n)
	failed = map[int]error{}
	var idle []int
	for w := workers - 1; w >= 0; w-- {
		idle = append(idle, w)
	}
	ready := func() int {
		for i := range state {
			if first := after(i); state[i] == waiting && (first < 0 || state[first] == done) {
				return i
			}
		}
		return -1
	}
	for {
		for ctx.Err() == nil && len(idle) > 0 {
			i := ready()
			if i < 0 {
				break
			}
			w := idle[len(idle)-1]
			idle, state[i] = idle[:len(idle)-1], begun
			go func() { ended <- end{w, i, do(ctx, w, i)} }()
		}
		if len(idle) == workers {
			return failed
		}
		e := <-ended
		idle = append(idle, e.worker)
		if e.err == nil {
			state[e.job] = done
		} else {
			failed[e.job] = e.err
		}
	}
}
