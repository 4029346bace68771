package fit_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/janpfeifer/must"
)

func TestATornCheckpointIsReplacedByTheOneBefore(t *testing.T) {
	whole := fit.Store{Dir: t.TempDir()}
	must.M(fit.Run(t.Context(), newWalk(), whole, fit.Options{}))

	store, ctx := interrupted(t)
	raw := must.M1(os.ReadFile(store.Last()))
	must.M(os.WriteFile(store.Last(), raw[:len(raw)-1], 0o644))
	var notes []string
	must.M(fit.Run(ctx, newWalk(), store, fit.Options{Observe: func(e fit.Event) error {
		if e.Kind == event.Note {
			notes = append(notes, e.Text)
		}
		return nil
	}}))
	if len(notes) != 1 || !strings.Contains(notes[0], "last.safetensors is damaged") {
		t.Errorf("notes are %q, want one that names the file", notes)
	}
	if files(t, store) != files(t, whole) {
		t.Error("other bits than without the damage")
	}
}

func TestARunDoesNotStartAnewUnaskedWhenAllCheckpointsAreDamaged(t *testing.T) {
	store, ctx := interrupted(t)
	must.M(os.WriteFile(store.Last(), []byte("x"), 0o644))
	must.M(os.WriteFile(strings.Replace(store.Last(), "last", "previous", 1), []byte("x"), 0o644))
	err := fit.Run(ctx, newWalk(), store, fit.Options{})
	if err == nil || !strings.Contains(err.Error(), "delete the directory") {
		t.Errorf("got %v, want an error that names the directory to delete", err)
	}
}

// interrupted returns the store of a run that was interrupted in its third epoch, with two
// checkpoints.
func interrupted(t *testing.T) (fit.Store, context.Context) {
	store := fit.Store{Dir: t.TempDir()}
	stop := errors.New("stop")
	err := fit.Run(t.Context(), newWalk(), store, fit.Options{Every: never, Observe: func(e fit.Event) error {
		if e.Kind == event.EndOfStep && e.Epoch == 2 {
			return stop
		}
		return nil
	}})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	return store, t.Context()
}

func TestNoDamageToACheckpointGoesUnnoticed(t *testing.T) {
	path := t.TempDir() + "/state.safetensors"
	must.M(fit.State{Arrays: map[string]fit.Array{"a": {Shape: []int{2}, F32: []float32{1, 2}}}, Meta: map[string]string{"k": "v"}}.Save(path))
	raw := must.M1(os.ReadFile(path))
	for i := range raw {
		for _, bit := range []byte{1, 128} {
			raw[i] ^= bit
			must.M(os.WriteFile(path, raw, 0o644))
			if _, err := fit.LoadState(path); err == nil || !strings.Contains(err.Error(), path) {
				t.Fatalf("byte %d changed: got error %v, want one that names the file", i, err)
			}
			raw[i] ^= bit
		}
		must.M(os.WriteFile(path, raw[:i], 0o644))
		if _, err := fit.LoadState(path); err == nil {
			t.Fatalf("cut to %d bytes, and no error", i)
		}
	}
}
