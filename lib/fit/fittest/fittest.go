// Package fittest provides tests of fit.Task implementations.
package fittest

import (
	"context"
	"errors"
	"math"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/fit"
)

// Cancellations tests the cancellation of a task. It runs the task with contexts that are cancelled
// at the n-th call of their Err, for n = 1, 1+stride, 1+2*stride ... Each of these runs must end
// with context.Canceled. Continued by another task, it must end in the checkpoints of an
// uninterrupted run, bit by bit. begin returns a new task. Cancellations returns the number of
// calls of Err at the ends of epochs in an uninterrupted run, without one before and one after each
// step.
func Cancellations(t *testing.T, begin func() fit.Task, stride int) (asked int) {
	t.Helper()
	const never = time.Hour
	whole := fit.Store{Dir: t.TempDir()}
	task, ctx := begin(), newAsked(t.Context(), math.MaxInt64)
	if err := fit.Run(ctx, task, whole, fit.Options{Every: never}); err != nil {
		t.Fatal(err)
	}
	all := int(math.MaxInt64 - ctx.left.Load())
	asked = all
	for e := range task.Epochs() {
		asked -= task.Steps(e) + 1
	}
	for n := 1; n <= all; n += stride {
		store := fit.Store{Dir: t.TempDir()}
		if err := fit.Run(newAsked(t.Context(), int64(n)), begin(), store, fit.Options{Every: never}); !errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled at call %d of %d, the run ends with %v", n, all, err)
		}
		if err := fit.Run(t.Context(), begin(), store, fit.Options{Every: never}); err != nil {
			t.Fatalf("cancelled at call %d of %d, the run does not continue: %v", n, all, err)
		}
		if contents(t, store.Last()) != contents(t, whole.Last()) || contents(t, store.Best()) != contents(t, whole.Best()) {
			t.Errorf("cancelled at call %d of %d, the run ends in other bits", n, all)
		}
	}
	return asked
}

// contents returns the contents of a file, or "" if it does not exist: not every task has a best
// epoch.
func contents(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(raw)
}

// Asked returns a context that is cancelled at the n-th call of its Err.
func Asked(parent context.Context, n int) context.Context { return newAsked(parent, int64(n)) }

type asked struct {
	context.Context
	cancel func()
	left   atomic.Int64
}

func newAsked(parent context.Context, n int64) *asked {
	ctx, cancel := context.WithCancel(parent)
	a := &asked{Context: ctx, cancel: cancel}
	a.left.Store(n)
	return a
}

// Err implements context.Context.
func (a *asked) Err() error {
	if a.left.Add(-1) == 0 {
		a.cancel()
	}
	return a.Context.Err()
}
