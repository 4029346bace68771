package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/janpfeifer/must"
)

// typed is this program with arguments, on the user's plugin and compiled programs, with the embedded images.
func typed(t *testing.T, dir string, arguments ...string) *exec.Cmd {
	c := exec.Command(must.M1(os.Executable()), arguments...)
	c.Dir = dir
	c.Env = append(os.Environ(), asProgram+"=1", "ESSNAS_DATA="+t.TempDir(), "ESSNAS_BACKEND=cpu", "ESSNAS_RUNS=")
	return c
}

func TestASearchEndsInTheSameBitsHoweverOftenItIsKilled(t *testing.T) {
	dir := t.TempDir()
	search := func(run string) *exec.Cmd {
		return typed(t, dir, "search", "--run", run, "--preset", "demo", "--channels", "4", "--k", "2", "--batch", "8", "--images", "160", "--epochs", "4")
	}
	finish := func(run string) {
		if out, err := search(run).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", run, err, out)
		}
	}
	finish("whole")
	start := time.Now()
	finish("again")
	took := time.Since(start) // with all programs compiled
	for range 5 {
		c := search("killed")
		must.M(c.Start())
		time.Sleep(time.Duration(rand.Float64() * 0.7 * float64(took)))
		must.M(c.Process.Kill())
		c.Wait()
	}
	finish("killed")
	for _, file := range []string{"checkpoint/last.safetensors", "genotype.json"} {
		want := must.M1(os.ReadFile(filepath.Join(dir, "whole", file)))
		for _, run := range []string{"again", "killed"} {
			if got := must.M1(os.ReadFile(filepath.Join(dir, run, file))); !bytes.Equal(want, got) {
				t.Errorf("run %q: %s differs from that of the first run", run, file)
			}
		}
	}
}
