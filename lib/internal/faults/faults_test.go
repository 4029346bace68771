//go:build linux && amd64

package faults

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/janpfeifer/must"
)

func TestMain(m *testing.M) {
	Main()
	os.Exit(m.Run())
}

// TestEachFaultStrikesItsCall counts the calls of a shell that writes, renames and removes files,
// and strikes each of them.
func TestEachFaultStrikesItsCall(t *testing.T) {
	const script = `mkdir d && echo one > d/a && mv d/a d/b && rm d/b && echo two > c; echo $? > /dev/null`
	follow := func(f Fault) (Result, string) {
		dir := must.M1(filepath.EvalSymlinks(t.TempDir()))
		return must.M1(Run(Command{Args: []string{"/bin/sh", "-c", script}, Dir: dir, Root: dir, Env: os.Environ()}, f)), dir
	}
	whole, dir := follow(Fault{})
	if whole.Struck || whole.Status != 0 || string(must.M1(os.ReadFile(filepath.Join(dir, "c")))) != "two\n" {
		t.Fatalf("without a fault: %+v", whole)
	}
	for _, want := range []string{"mkdir d", "openat d/a", "write d/a", "c"} {
		if !slices.ContainsFunc(whole.Calls, func(c string) bool { return strings.Contains(c, want) }) {
			t.Errorf("no call is %q: %q", want, whole.Calls)
		}
	}
	for at := 1; at <= len(whole.Calls); at++ {
		killed, dir := follow(Fault{At: at})
		if !killed.Struck || len(killed.Calls) < at || killed.Calls[at-1] != whole.Calls[at-1] {
			t.Errorf("at call %d, %s: %+v", at, whole.Calls[at-1], killed)
		}
		if data, err := os.ReadFile(filepath.Join(dir, "c")); err == nil && string(data) == "two\n" {
			t.Errorf("killed at %s, it has come to its end", whole.Calls[at-1])
		}
	}
	failed, dir := follow(Fault{At: 1, Errno: syscall.ENOSPC})
	if _, err := os.Stat(filepath.Join(dir, "d")); !failed.Struck || err == nil || !strings.Contains(failed.Output, "No space left on device") {
		t.Errorf("on a full disk: %+v", failed)
	}
}
