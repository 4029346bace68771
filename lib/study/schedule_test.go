package study

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Jobs 0, 3, 6, ... are searches; the two after each wait for it.
func afterSearch(job int) int {
	if job%3 == 0 {
		return -1
	}
	return job - job%3
}

func TestJobsStartInOrderWhenWhatTheyWaitForIsDoneOneOnEachWorker(t *testing.T) {
	for _, workers := range []int{1, 2, 5} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			var begun []int
			done, busy := map[int]bool{}, map[int]bool{}
			failed := schedule(t.Context(), 9, workers, afterSearch, func(_ context.Context, worker, job int) error {
				mu.Lock()
				if after := afterSearch(job); after >= 0 && !done[after] {
					t.Errorf("job %d starts before job %d is done", job, after)
				}
				if worker < 0 || worker >= workers || busy[worker] {
					t.Errorf("job %d starts on worker %d of %d, which is at work", job, worker, workers)
				}
				busy[worker] = true
				begun = append(begun, job)
				mu.Unlock()
				time.Sleep(time.Duration(1+job%3) * time.Second)
				mu.Lock()
				defer mu.Unlock()
				busy[worker], done[job] = false, true
				return nil
			})
			if len(failed) > 0 || len(done) != 9 {
				t.Errorf("%d workers: %v failed, %d of 9 done", workers, failed, len(done))
			}
			if workers == 1 && !slices.IsSorted(begun) {
				t.Errorf("one worker does %v", begun)
			}
			if workers == 2 && begun[0]+begun[1] != 0+3 { // the first trainings wait, the second search need not
				t.Errorf("two workers begin with %v", begun[:2])
			}
		})
	}
}

func TestAJobThatFailsKeepsOnlyThoseAfterItFromBeingDone(t *testing.T) {
	var done []int
	failed := schedule(t.Context(), 9, 1, afterSearch, func(_ context.Context, _, job int) error {
		if job == 3 || job == 7 {
			return errors.New("diverged")
		}
		done = append(done, job)
		return nil
	})
	if !slices.Equal(done, []int{0, 1, 2, 6, 8}) || len(failed) != 2 || failed[3] == nil || failed[7] == nil {
		t.Errorf("done are %v, failed %v", done, failed)
	}
}

func TestNothingStartsAfterAnInterruption(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	schedule(ctx, 9, 2, afterSearch, func(ctx context.Context, _, _ int) error {
		n++
		cancel()
		<-ctx.Done()
		return ctx.Err()
	})
	if n > 2 {
		t.Errorf("%d jobs started on 2 workers", n)
	}
}
