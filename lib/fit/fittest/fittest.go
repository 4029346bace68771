// Package fittest tests tasks of package fit.
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

// Cancellations runs a task that is cancelled whenever it, or the loop, asks its context for the
// n-th time: for n = 1, 1+stride, 1+2*stride ... Each of these runs must end with context.Canceled.
// Continued by another task, each must end in the checkpoints of an uninterrupted run, to the bit.
// begin returns the task anew. Cancellations returns how often an uninterrupted run asks while its
// epochs end, besides once before and once after each step.
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
			t.Fatalf("cancelled when it asks for the %d. time of %d, the run ends with %v", n, all, err)
		}
		if err := fit.Run(t.Context(), begin(), store, fit.Options{Every: never}); err != nil {
			t.Fatalf("cancelled when it asks for the %d. time of %d, it does not go on: %v", n, all, err)
		}
		if contents(t, store.Last()) != contents(t, whole.Last()) || contents(t, store.Best()) != contents(t, whole.Best()) {
			t.Errorf("cancelled when it asks for the %d. time of %d, the run ends in other bits", n, all)
		}
	}
	return asked
}

// contents returns those of a file, "" if there is none: not every task has a best epoch.
func contents(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(raw)
}

// Asked returns a context that is cancelled when it is asked for its error for the n-th time.
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
