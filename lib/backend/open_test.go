package backend

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backend/plugin"
	"github.com/gomlx/gomlx/core/graph"
)

func TestOpeningTwiceShares(t *testing.T) {
	a, err := Open(t.Context(), Options{Choice: CPU})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(t.Context(), Options{Choice: CPU})
	if err != nil || a != b {
		t.Errorf("%p and %p, %v", a, b, err)
	}
	link := filepath.Join(t.TempDir(), "link.so")
	if err := os.Symlink(a.Plugin, link); err != nil {
		t.Fatal(err)
	}
	if c, err := Open(t.Context(), Options{Choice: Choice(link)}); err != nil || a != c {
		t.Errorf("by its path: %p and %p, %v", a, c, err)
	}
	if _, err := Open(t.Context(), Options{Choice: CPU, Devices: 3}); err == nil || !strings.Contains(err.Error(), "1 devices") {
		t.Errorf("another number of devices: %v", err)
	}
	if n := a.Backend.NumDevices(); n != 1 {
		t.Errorf("%d devices, want 1", n)
	}
}

func TestChoicesThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.so")
	if err := os.WriteFile(text, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name    string
		options Options
		want    []string
	}{
		{"unknown", Options{Choice: "tpu"}, []string{`"tpu"`, "auto, cuda, cpu, go or the path"}},
		{"no such path", Options{Choice: Choice(filepath.Join(dir, "none.so"))}, []string{"none.so", "no such file", "choose auto"}},
		{"a directory", Options{Choice: Choice(dir)}, []string{"not a file", "*.so"}},
		{"not a library", Options{Choice: Choice(text)}, []string{text, "can't be loaded as a PJRT plugin"}},
		{"not a plugin", Options{Choice: "/lib/x86_64-linux-gnu/libm.so.6"}, nil},
		{"negative devices", Options{Choice: CPU, Devices: -1}, []string{"at least 1"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.options.Log, c.options.CacheDir = io.Discard, t.TempDir()
			_, err := Open(t.Context(), c.options)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
		})
	}
}

func TestTheEnvironmentChooses(t *testing.T) {
	t.Setenv("ESSNAS_BACKEND", "")
	if c := FromEnvironment(); c != Auto {
		t.Errorf("by default %q", c)
	}
	t.Setenv("ESSNAS_BACKEND", "go")
	b, err := Open(t.Context(), Options{})
	if err != nil || b.Kind != "go" {
		t.Fatalf("%v, %v", b, err)
	}
	two := graph.MustNewExec(b.Backend, func(x *graph.Node) *graph.Node { return graph.Add(x, x) })
	if got := two.MustCall([]float32{1, 2})[0].Value().([]float32); got[0] != 2 || got[1] != 4 {
		t.Errorf("x + x of 1, 2 is %v", got)
	}
	if s := b.Stats(); s.Compiled != 0 {
		t.Errorf("pure Go compiles: %+v", s)
	}
}

func TestWithoutAnyPluginAutoComputesInPureGo(t *testing.T) {
	nowhere := t.TempDir()
	run := task{Do: "open", Choice: Auto, CacheDir: t.TempDir()}
	// No pip and no home.
	a := run.start(t, "PATH="+nowhere, "HOME="+nowhere, "VIRTUAL_ENV=", "CONDA_PREFIX=", "PJRT_PLUGIN_LIBRARY_PATH=")()
	if a.Kind == "cpu" && !strings.HasPrefix(a.Plugin, run.CacheDir) {
		t.Skip("this machine has a plugin of its own: " + a.Plugin)
	}
	if a.Error != "" || a.Kind != "go" || !strings.Contains(a.Log, "WARNING") || !strings.Contains(a.Log, "python3-pip") {
		t.Errorf("kind %q, error %q, log:\n%s", a.Kind, a.Error, a.Log)
	}
}

func TestNamesThatGoXLAUnderstands(t *testing.T) {
	cases := []struct {
		path string
		kind Choice
		same bool
	}{
		{"/a/xla_cpu_pjrt.so", CPU, true},
		{"/home/nvidia/xla_cpu_pjrt.so", CPU, false},
		{"/a/plugin.so", CPU, false},
		{"/a,b/xla_cpu_pjrt.so", CPU, false},
		{"/a/xla_cuda13/xla_cuda_plugin.so", CUDA, true},
		{"/home/cpu/xla_cuda_plugin.so", CUDA, false},
		{"/a/pjrt_c_api_gpu_plugin.so", CUDA, false},
	}
	for _, c := range cases {
		kind := Choice(plugin.KindOf(c.path))
		name := registeredName(c.path, kind, false)
		if kind != c.kind || (name == c.path) != c.same || !filepath.IsAbs(name) || strings.Contains(name, ",") {
			t.Errorf("%s is %s, known as %s", c.path, kind, name)
		}
	}
}
