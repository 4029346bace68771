package stage

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/fit/fittest"
)

// The test set is read once for a run: a cancelled test must not count.
func TestATestAndAProbeHearACancellationAndAreMadeAnew(t *testing.T) {
	backendtest.Open(t)
	l := &Env{Runs: t.TempDir(), Data: t.TempDir(), NoPages: true, TestImages: 100}
	r := trained(t, l)
	for name, do := range map[string]func(ctx context.Context) error{
		"test.json":  func(ctx context.Context) error { _, _, _, err := l.Test(ctx, r.Dir); return err },
		"probe.json": func(ctx context.Context) error { _, _, _, err := l.Probe(ctx, Probe{Dir: r.Dir}); return err },
	} {
		for _, n := range []int{1, 2, 5} { // of 100 images a test has seven batches
			if err := do(fittest.Asked(t.Context(), n)); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: cancelled when it asks for the %d. time, it ends with %v", name, n, err)
			}
			if _, err := os.Stat(r.Path(name)); !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("%s is there after a cancellation (%v)", name, err)
			}
		}
		if err := do(t.Context()); err != nil {
			t.Errorf("%s: after cancellations it fails: %v", name, err)
		}
	}
}
