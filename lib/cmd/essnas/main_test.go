package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestErrorsAreOneLine(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("the run is damaged"), "the run is damaged"},
		{errors.New(" what was wrong\ngoroutine 1 [running]:\n"), "what was wrong"},
		{fmt.Errorf("compiling: %w", context.Canceled), "stopped"},
		{errors.New(`Graph failed to execute: backend "xla": failed to execute computation "stem": PJRT error (code=13): Compute error: Error preparing computation: Out of memory allocating 150528000 bytes.` + "\nstack"),
			"there is not enough memory (Out of memory allocating 150528000 bytes): take a smaller batch, fewer channels or cells, or end other programs"},
		{errors.New("PJRT error (code=8): RESOURCE_EXHAUSTED: 2.5GiB"), "there is not enough memory (RESOURCE_EXHAUSTED: 2.5GiB): take a smaller batch, fewer channels or cells, or end other programs"},
	} {
		if got := oneLine(c.err); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.err, got, c.want)
		}
	}
}
