package parity

import (
	"testing"

	"github.com/essnas/essnas/lib/internal/golden"
)

// tables returns the names of the tables of alphas and betas in the order of search networks. DARTS
// has the first two.
func tables(partial bool) []string {
	all := []string{"alphas_normal", "alphas_reduce", "betas_normal", "betas_reduce"}
	if !partial {
		return all[:2]
	}
	return all
}

// Architecture lists all alphas and, with partial channels, all betas of torch's arrays prefix +
// name: normal, reduction.
func Architecture(torch map[string]golden.Array, prefix string, partial bool) (flat []float32) {
	for _, name := range tables(partial) {
		flat = append(flat, torch[prefix+name].Data...)
	}
	return flat
}

// CloseArchitecture compares numbers in the order of Architecture with torch's.
func CloseArchitecture(t testing.TB, what string, got []float32, torch map[string]golden.Array, prefix string, partial bool) {
	t.Helper()
	if want := len(Architecture(torch, prefix, partial)); len(got) != want {
		t.Fatalf("%s: %d alphas and betas, torch has %d", what, len(got), want)
	}
	for _, name := range tables(partial) {
		want := torch[prefix+name].Data
		golden.Close(t, what+" "+name, got[:len(want)], want, Tolerance)
		got = got[len(want):]
	}
}
