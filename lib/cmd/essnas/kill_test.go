package main

import (
	"bufio"
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/janpfeifer/must"
)

// typed is this program with arguments, on the user's plugin and compiled programs, with the
// embedded images.
func typed(t *testing.T, dir string, arguments ...string) *exec.Cmd {
	c := exec.Command(must.M1(os.Executable()), arguments...)
	c.Dir = dir
	c.Env = append(os.Environ(), asProgram+"=1", "ESSNAS_DATA="+t.TempDir(), "ESSNAS_BACKEND=cpu", "ESSNAS_RUNS=", "ESSNAS_RETUNED=1")
	return c
}

func TestARunEndsInTheSameBitsHoweverOftenItIsKilled(t *testing.T) {
	for name, command := range map[string][]string{
		"search": {"search", "--preset", "demo", "--channels", "4", "--k", "2", "--batch", "8", "--images", "96", "--epochs", "3"},
		"stage 4": {"search", "--preset", "demo", "--channels", "4", "--k", "2", "--batch", "8", "--images", "48", "--epochs", "2", "--phases", "3/8 4/4/0.3", "--skip-limit", "1", "--ss-factor", "0.5", "--projector", "16",
			"--ss-balance", "3", "--auxiliary-skip", "1", "--beta-decay", "10", "--stop-skips", "6"},
		"pretraining": {"pretrain", "--genotype", "DARTS_V2", "--cells", "3", "--channels", "4", "--batch", "16", "--images", "120", "--epochs", "3", "--warm-up", "1", "--knn-every", "1",
			"--projector", "16,16", "--optimizer", "lars", "--lr", "0.2"},
		"training": {"train", "--genotype", "DARTS_V2", "--preset", "demo", "--cells", "3", "--channels", "4", "--batch", "8", "--images", "160", "--epochs", "3",
			"--auxiliary", "0.4", "--drop-path", "0.2", "--cutout", "8"},
	} {
		t.Run(name, func(t *testing.T) { killed(t, command) })
	}
}

func killed(t *testing.T, command []string) {
	dir := t.TempDir()
	run := func(name string) *exec.Cmd { return typed(t, dir, append(command, "--run", name)...) }
	finish := func(name string) {
		if out, err := run(name).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
	}
	finish("whole")
	start := time.Now()
	finish("again")
	took := time.Since(start) // with all programs compiled
	for range 3 {
		c := run("killed")
		must.M(c.Start())
		time.Sleep(time.Duration(rand.Float64() * 0.7 * float64(took)))
		must.M(c.Process.Kill())
		c.Wait()
	}
	finish("killed")
	for _, file := range []string{"checkpoint/last.safetensors", "genotype.json"} {
		want := must.M1(os.ReadFile(filepath.Join(dir, "whole", file)))
		for _, name := range []string{"again", "killed"} {
			if got := must.M1(os.ReadFile(filepath.Join(dir, name, file))); !bytes.Equal(want, got) {
				t.Errorf("run %q: %s differs from that of the first run", name, file)
			}
		}
	}
}

func TestInterruptedASearchSaysHowToGoOnAndDoes(t *testing.T) {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			if signal.Ignored(s) {
				t.Skip("the tests run under nohup, and so would the search")
			}
			stopped(t, s)
		})
	}
}

func stopped(t *testing.T, s os.Signal) {
	dir := t.TempDir()
	c := typed(t, dir, "search", "--run", "stopped", "--preset", "demo", "--channels", "4", "--k", "2", "--batch", "8", "--images", "160", "--epochs", "4")
	stderr := must.M1(c.StderrPipe())
	must.M(c.Start())
	var all strings.Builder
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		all.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "epoch 1/4, step") {
			must.M(c.Process.Signal(s))
		}
	}
	c.Wait()
	text := all.String()
	if c.ProcessState.ExitCode() != interrupted || !strings.Contains(text, "stopped in epoch") || !strings.Contains(text, "search --run stopped") {
		t.Fatalf("status %d and %s", c.ProcessState.ExitCode(), text)
	}
	// without the settings: the run knows them
	out, err := typed(t, dir, "search", "--run", "stopped").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "going on at epoch") || !strings.Contains(string(out), "epoch 4/4") {
		t.Fatalf("going on: %v: %s", err, out)
	}
}
