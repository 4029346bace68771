// Package backendtest opens the backend of a user for tests.
package backendtest

import (
	"testing"

	"github.com/essnas/essnas/lib/backend"
)

// Open returns XLA on the CPU and installs its plugin like a user's first run. $ESSNAS_BACKEND
// selects another backend. The tests of a process share the backend. The test fails if the backend
// can't be opened.
func Open(t testing.TB) *backend.Backend {
	t.Helper()
	return Several(t, 0)
}

// Several is Open with several devices. All tests of a process must ask for the same number.
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

// Rehearse returns the CPU treated as a GPU and presented as several devices.
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
