package backend

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backend/plugin"
	"github.com/essnas/essnas/lib/backend/plugin/plugintest"
)

func TestAWrongHashIsFinal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fake-1-py3-none-any.whl")
	if err := os.WriteFile(file, []byte("another wheel"), 0o600); err != nil {
		t.Fatal(err)
	}
	calls := filepath.Join(t.TempDir(), "calls")
	plugintest.UsePip(t, "echo call >>"+calls+"; cp "+file+" $DEST")
	t.Setenv("HOME", t.TempDir())
	t.Setenv("VIRTUAL_ENV", "")
	t.Setenv("CONDA_PREFIX", "")
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", "")
	cache := t.TempDir()
	if found := plugin.Installed(plugin.CPU, plugin.Dir(cache)); len(found) != 0 {
		t.Skipf("the system has %s", found[0])
	}
	before := opened
	opened = nil
	defer func() { opened = before }()
	var log bytes.Buffer
	_, err := Open(t.Context(), Options{Choice: CPU, CacheDir: cache, Log: &log})
	if err == nil || !strings.Contains(err.Error(), "not the expected one") {
		t.Errorf("error %v", err)
	}
	if b, _ := os.ReadFile(calls); strings.Count(string(b), "call") != 1 || strings.Contains(log.String(), "go-xla") {
		t.Errorf("another way was tried after the wrong hash: %s%s", b, &log)
	}
	if left, _ := filepath.Glob(filepath.Join(cache, "plugins", "[^.]*")); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

// The real thing: two first runs at once on a machine that has nothing.
func TestTwoProcessesInstallTogether(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal(err)
	}
	calls := filepath.Join(t.TempDir(), "calls")
	plugintest.UsePip(t, "echo call >>"+calls+"; exec "+python+` "$@"`)
	run := task{Do: "compute", Choice: CPU, CacheDir: t.TempDir()}
	nothing := []string{"HOME=" + t.TempDir(), "VIRTUAL_ENV=", "CONDA_PREFIX=", "PJRT_PLUGIN_LIBRARY_PATH="}
	one, two := run.start(t, nothing...), run.start(t, nothing...)
	a, b := one(), two()
	if strings.Contains(a.Error, "check the network") {
		t.Skip("no network to install from: " + a.Error)
	}
	if a.Error != "" || b.Error != "" || a.Bits != b.Bits || a.Bits == "" {
		t.Fatalf("%q %s, %q %s", a.Error, a.Bits, b.Error, b.Bits)
	}
	if !strings.HasPrefix(a.Plugin, plugin.Dir(run.CacheDir)+"/xla-cpu-pjrt-") && !strings.Contains(a.Plugin, "/usr/") {
		t.Errorf("the plugin is %s", a.Plugin)
	}
	text, _ := os.ReadFile(calls)
	if n := strings.Count(string(text), "call"); n > 1 {
		t.Errorf("%d downloads\n%s\n%s", n, a.Log, b.Log)
	}
}
