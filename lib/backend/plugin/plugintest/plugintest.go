// Package plugintest puts other programs and libraries into the place of those that install and
// drive plugins.
package plugintest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// UsePip lets calls of Python's pip run a shell script, in which $DEST is the directory to download
// to.
func UsePip(t testing.TB, script string) {
	t.Helper()
	dir := t.TempDir()
	text := "#!/bin/sh\nfor a; do [ \"$a\" = --version ] && { echo pip 99; exit 0; }; [ \"$last\" = --dest ] && DEST=$a; last=$a; done\n" + script + "\n"
	if err := os.WriteFile(filepath.Join(dir, "python3"), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// Driver builds a libcuda.so.1 with a number of GPUs, the CUDA version that it supports (13000 is
// 13.0), and the result of its initialisation (0 for success). Driver returns the environment in
// which a process finds this library.
func Driver(t testing.TB, gpus, version, initError int) (env []string) {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(dir, "cuda.c")
	text := fmt.Sprintf(`#include <string.h>
int cuInit(unsigned f) { return %d; }
int cuDeviceGetCount(int *n) { *n = %d; return 0; }
int cuDriverGetVersion(int *v) { *v = %d; return 0; }
int cuDeviceGet(int *d, int i) { *d = i; return 0; }
int cuDeviceGetName(char *s, int n, int d) { strncpy(s, d ? "Little" : "Big", n); return 0; }
int cuDeviceTotalMem_v2(unsigned long *b, int d) { *b = 8000000000; return 0; }
int cuDeviceGetAttribute(int *v, int a, int d) { *v = a == 75 ? 8 : a == 76 ? 6 : -1; return 0; }
`, initError, gpus, version)
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(Compiler(t), "-shared", "-fPIC", "-o", filepath.Join(dir, "libcuda.so.1"), source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return []string{"LD_LIBRARY_PATH=" + dir}
}

// Compiler returns the C compiler that cgo uses.
func Compiler(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "env", "CC").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))[0]
}
