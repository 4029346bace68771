// Package backendtest gives tests the backend that a user would have.
package backendtest

import (
	"testing"

	"github.com/essnas/essnas/lib/backend"
)

// Open returns XLA on the CPU, installing its plugin as a user's first run does; $ESSNAS_BACKEND names another. The
// tests of a process share it. A test that needs it fails where it can't be had.
func Open(t testing.TB) *backend.Backend {
	t.Helper()
	return Several(t, 0)
}

// Several is Open with so many devices; of a process, all tests ask for the same number.
func Several(t testing.TB, devices int) *backend.Backend {
	t.Helper()
	o := backend.Options{Log: logger{t}, Devices: devices}
	if o.Choice = backend.FromEnvironment(); o.Choice == backend.Auto {
		o.Choice = backend.CPU
	}
	b, err := backend.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Rehearse returns the CPU treated as a GPU, shown as so many devices.
func Rehearse(t testing.TB, devices int) *backend.Backend {
	t.Helper()
	b, err := backend.Open(t.Context(), backend.Options{Choice: backend.Rehearsal, Log: logger{t}, Devices: devices})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type logger struct{ t testing.TB }

func (l logger) Write(p []byte) (int, error) {
	l.t.Log(string(p))
	return len(p), nil
}
