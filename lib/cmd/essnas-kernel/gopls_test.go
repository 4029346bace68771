package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/janpfeifer/must"
)

// having are the processes with a text in their environment; zombies have no environment.
func having(text string) (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		if env, err := os.ReadFile(file); err == nil && bytes.Contains(env, []byte(text)) {
			pids = append(pids, must.M1(strconv.Atoi(filepath.Base(filepath.Dir(file)))))
		}
	}
	return
}

func TestTheBuildOfGoplsEndsWithItsInput(t *testing.T) {
	root, bin, cache, temporary := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	must.M(os.MkdirAll(filepath.Join(root, "kernels", "gopls"), 0o755))
	must.M(os.WriteFile(filepath.Join(root, "kernels", "gopls", "go.mod"), []byte("module gopls\n"), 0o644))
	script(t, filepath.Join(bin, "compiler"), `trap '' INT TERM; while :; do sleep 0.1; done`)
	script(t, filepath.Join(bin, "go"), `compiler & compiler & echo half > "$4"; echo half > "$GOTMPDIR/object"; touch `+filepath.Join(bin, "started")+`; wait; echo all > "$4"`)
	begin := func() (input *os.File) {
		end, input, err := os.Pipe()
		must.M(err)
		defer end.Close()
		command := exec.Command(must.M1(os.Executable()), "gopls")
		command.Stdin = end
		command.Env = append(os.Environ(), "ESSNAS_ROOT="+root, "ESSNAS_CACHE="+cache, "TMPDIR="+temporary, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
		start := time.Now()
		if out, err := command.CombinedOutput(); err != nil || time.Since(start) > 20*time.Second {
			t.Fatalf("after %v: %v: %s", time.Since(start), err, out)
		}
		return input
	}
	wait := func(law string, done func() bool) {
		t.Helper()
		for start := time.Now(); !done(); time.Sleep(20 * time.Millisecond) {
			if time.Since(start) > 30*time.Second {
				t.Fatalf("not so: %s", law)
			}
		}
	}
	building := func() []int { return having("ESSNAS_CACHE=" + cache + "\x00") }
	gone := func() bool { return len(building()) == 0 }
	t.Cleanup(func() {
		for _, pid := range building() {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	input := begin()
	wait("the build starts", func() bool { _, err := os.Stat(filepath.Join(bin, "started")); return err == nil })
	if n := len(building()); n < 4 {
		t.Fatalf("%d processes build", n)
	}
	must.M(input.Close())
	wait("it ends with its input", gone)
	kernels := must.M1(filepath.Glob(filepath.Join(cache, "checkouts", "*", "kernel")))
	for _, name := range []string{"gopls", "gopls.version"} {
		if _, err := os.Stat(filepath.Join(kernels[0], name)); err == nil {
			t.Errorf("%s is there, half-built", name)
		}
	}
	if entries := must.M1(os.ReadDir(temporary)); len(entries) != 0 {
		t.Errorf("%s is left", entries[0].Name())
	}
	script(t, filepath.Join(bin, "compiler"), "true")
	input = begin() // anew, to its end
	defer input.Close()
	wait("the next build ends by itself", gone)
	if text, err := os.ReadFile(filepath.Join(kernels[0], "gopls")); strings.TrimSpace(string(text)) != "all" {
		t.Errorf("the next build makes %q, %v", text, err)
	}
}
