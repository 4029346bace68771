package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/internal/cachedir"
	"github.com/essnas/essnas/lib/internal/checkout"
	"github.com/essnas/essnas/lib/jupyter"
	"github.com/janpfeifer/must"
)

// process is one of those that a test has started, by its parent and the name of its program.
type process struct {
	pid, parent int
	name        string
	zombie      bool
}

// having are the processes with a text in their environment, and those that are nothing but
// children of them.
func having(text string) map[int]process {
	all, found := map[int]process{}, map[int]process{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		var p process
		var state string
		fmt.Sscan(string(stat), &p.pid)
		fmt.Sscan(string(stat[bytes.LastIndexByte(stat, ')')+1:]), &state, &p.parent)
		p.zombie = state == "Z"
		p.name = string(stat[bytes.IndexByte(stat, '(')+1 : bytes.LastIndexByte(stat, ')')])
		all[p.pid] = p
		if env, err := os.ReadFile(filepath.Join(filepath.Dir(file), "environ")); err == nil && bytes.Contains(env, []byte(text)) {
			found[p.pid] = p
		}
	}
	for pid, p := range all {
		if _, ok := found[p.parent]; ok {
			found[pid] = p
		}
	}
	return found
}

// within waits for what must come to be.
func within(t *testing.T, limit time.Duration, law string, done func() bool) {
	t.Helper()
	for start := time.Now(); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > limit {
			t.Fatalf("not within %v: %s", limit, law)
		}
	}
}

func TestTheBuildOfGoplsEndsWithTheLab(t *testing.T) {
	if testing.Short() {
		t.Skip("JupyterLab is started")
	}
	if _, err := jupyter.Environment(t.Context(), func(text string) { t.Log(text) }); errors.Is(err, jupyter.ErrNoPython) {
		t.Skip(err)
	} else {
		must.M(err)
	}
	// A cache of its own, but for what takes long to make, and a go command that never ends
	// building gopls.
	tree := must.M1(checkout.Find())
	of, cache, bin := must.M1(tree.Dir()), t.TempDir(), t.TempDir()
	own := filepath.Join(cache, "checkouts", filepath.Base(of))
	must.M(os.MkdirAll(own, 0o700))
	must.M(os.MkdirAll(filepath.Join(of, "bin"), 0o700))
	must.M(os.Symlink(filepath.Join(of, "bin"), filepath.Join(own, "bin")))
	must.M(os.Symlink(filepath.Join(must.M1(cachedir.Path()), "jupyter"), filepath.Join(cache, "jupyter")))
	must.M(os.WriteFile(filepath.Join(bin, "go"), []byte(`#!/bin/sh
case "$*" in *golang.org/x/tools/gopls) sleep 1000 & sleep 1000 & wait; exit 1;; esac
exec `+must.M1(exec.LookPath("go"))+` "$@"
`), 0o755))
	listener := must.M1(net.Listen("tcp", "127.0.0.1:0"))
	address := listener.Addr().(*net.TCPAddr)
	listener.Close()
	c := typed(t, t.TempDir(), "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port="+strconv.Itoa(address.Port), "--", "--IdentityProvider.token=secret")
	mark := fmt.Sprintf("ESSNAS_TEST_MARK=%d-%d", os.Getpid(), time.Now().UnixNano())
	c.Env = append(c.Env, mark, "ESSNAS_ROOT="+tree.Root, "ESSNAS_CACHE="+cache, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"),
		"JUPYTER_CONFIG_DIR="+t.TempDir(), "JUPYTER_RUNTIME_DIR="+t.TempDir(), "JUPYTER_DATA_DIR="+t.TempDir())
	var log bytes.Buffer
	c.Stdout, c.Stderr = &log, &log
	c.WaitDelay = time.Second
	must.M(c.Start())
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
		for pid := range having(mark) {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		if t.Failed() {
			t.Logf("the lab said:\n%s", &log)
		}
	})
	within(t, 3*time.Minute, "a kernel runs", func() bool {
		q := must.M1(http.NewRequest(http.MethodPost, fmt.Sprintf("http://%s/api/kernels", address), strings.NewReader(`{"name": "essnas"}`)))
		q.Header.Set("Authorization", "token secret")
		r, err := http.DefaultClient.Do(q)
		if err != nil {
			return false
		}
		defer r.Body.Close()
		io.Copy(io.Discard, r.Body)
		return r.StatusCode == http.StatusCreated
	})
	count := func(name string) (n int) {
		for _, p := range having(mark) {
			if p.name == name {
				n++
			}
		}
		return
	}
	within(t, time.Minute, "GoNB runs", func() bool { return count("gonb") == 1 })
	within(t, time.Minute, "gopls is being built", func() bool { return count("sleep") == 2 })
	builder, pipe := 0, ""
	for _, p := range having(mark) {
		if p.zombie {
			t.Errorf("%s has ended and is left under process %d", p.name, p.parent)
		}
		if command, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.pid)); bytes.HasSuffix(command, []byte("gopls\x00detached\x00")) {
			builder = p.pid
			pipe, _ = os.Readlink(fmt.Sprintf("/proc/%d/fd/0", p.pid))
		}
	}
	if !strings.HasPrefix(pipe, "pipe:") {
		t.Fatalf("the build of gopls reads %q", pipe)
	}
	for pid, p := range having(mark) {
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		holds := slices.ContainsFunc(files, func(file string) bool { target, _ := os.Readlink(file); return target == pipe })
		if holds != (pid == c.Process.Pid || pid == builder) {
			t.Errorf("%s has the pipe that Jupyter alone has to hold, or Jupyter has not", p.name)
		}
	}
	must.M(c.Process.Kill())
	start := time.Now()
	within(t, 20*time.Second, "nothing is left", func() bool { return count("sleep")+count("go") == 0 })
	t.Logf("the build has ended %v after Jupyter", time.Since(start))
}
