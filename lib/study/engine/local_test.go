package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// nine returns three searches, jobs 0, 3 and 6, each with two trainings, the next two jobs.
func nine() (jobs []Job) {
	for i := range 9 {
		j := Job{Name: fmt.Sprint(i)}
		if i%3 != 0 {
			j.After = fmt.Sprint(i - i%3)
		}
		jobs = append(jobs, j)
	}
	return
}

// drain runs jobs to their end and returns those that failed.
func drain(t *testing.T, ctx context.Context, workers int, do Do) map[string]error {
	t.Helper()
	l := NewLocal(workers, do)
	if err := l.Submit(ctx, nine()); err != nil {
		t.Fatal(err)
	}
	failed := map[string]error{}
	for {
		end, err := l.Wait(context.Background())
		if err == io.EOF {
			return failed
		}
		if err != nil {
			t.Fatal(err)
		}
		if end.Err != nil {
			failed[end.Job.Name] = end.Err
		}
	}
}

func TestJobsBeginInOrderAfterTheirPredecessorOneOnEachWorker(t *testing.T) {
	for _, workers := range []int{1, 2, 5} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			var begun []string
			done, busy := map[string]bool{"": true}, map[int]bool{}
			failed := drain(t, t.Context(), workers, func(_ context.Context, worker int, j Job) error {
				mu.Lock()
				if !done[j.After] {
					t.Errorf("job %s begins before job %s has ended", j.Name, j.After)
				}
				if worker < 0 || worker >= workers || busy[worker] {
					t.Errorf("job %s begins on worker %d of %d, which is busy", j.Name, worker, workers)
				}
				busy[worker] = true
				begun = append(begun, j.Name)
				mu.Unlock()
				time.Sleep(time.Duration(1+int(j.Name[0]-'0')%3) * time.Second)
				mu.Lock()
				defer mu.Unlock()
				busy[worker], done[j.Name] = false, true
				return nil
			})
			if len(failed) > 0 || len(done) != 10 {
				t.Errorf("%d workers: %v failed, %d of 9 done", workers, failed, len(done)-1)
			}
			if workers == 1 && !slices.IsSorted(begun) {
				t.Errorf("one worker runs %v", begun)
			}
			if first := slices.Sorted(slices.Values(begun[:2])); workers == 2 && !slices.Equal(first, []string{"0", "3"}) {
				t.Errorf("two workers begin with %v: the first trainings wait, the second search need not", first)
			}
		})
	}
}

func TestAJobThatFailsKeepsOnlyItsSuccessorsFromRunning(t *testing.T) {
	var done []string
	failed := drain(t, t.Context(), 1, func(_ context.Context, _ int, j Job) error {
		if j.Name == "3" || j.Name == "7" {
			return errors.New("diverged")
		}
		done = append(done, j.Name)
		return nil
	})
	if !slices.Equal(done, []string{"0", "1", "2", "6", "8"}) || len(failed) != 2 || failed["3"] == nil || failed["7"] == nil {
		t.Errorf("done are %v, failed %v", done, failed)
	}
}

func TestNoJobBeginsAfterACancellationAndEachRunningOneIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var begun int
		var mu sync.Mutex
		l := NewLocal(2, func(ctx context.Context, _ int, _ Job) error {
			mu.Lock()
			begun++
			mu.Unlock()
			<-ctx.Done()
			time.Sleep(time.Second) // to save
			return ctx.Err()
		})
		if err := l.Submit(t.Context(), nine()); err != nil {
			t.Fatal(err)
		}
		waiting, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if _, err := l.Wait(waiting); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting ends with %v while all jobs run", err)
		}
		if err := l.Cancel(); err != nil {
			t.Error(err)
		}
		for range 2 {
			if end, err := l.Wait(t.Context()); err != nil || !errors.Is(end.Err, context.Canceled) {
				t.Errorf("a cancelled job ends with %v, %v", end, err)
			}
		}
		if end, err := l.Wait(t.Context()); err != io.EOF {
			t.Errorf("after the last end comes %v, %v", end, err)
		}
		if begun != 2 {
			t.Errorf("%d jobs began on 2 workers", begun)
		}
	})
}

func TestJobsThatCannotBeOrderedAreRefused(t *testing.T) {
	for law, jobs := range map[string][]Job{
		"a name occurs twice":              {{Name: "a"}, {Name: "a"}},
		"a predecessor is not listed":      {{Name: "a", After: "b"}},
		"a predecessor is listed too late": {{Name: "a", After: "b"}, {Name: "b"}},
	} {
		if NewLocal(1, nil).Submit(t.Context(), jobs) == nil {
			t.Errorf("%s, and no error", law)
		}
	}
}
