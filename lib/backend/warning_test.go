package backend

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backend/plugin"
)

func TestASlowDeviceIsNoProgress(t *testing.T) {
	if gpus, _ := plugin.GPUs(); len(gpus) > 0 {
		t.Skip("there is a GPU")
	}
	for _, name := range []string{"VIRTUAL_ENV", "CONDA_PREFIX", "PJRT_PLUGIN_LIBRARY_PATH"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("PATH", t.TempDir()) // without pip
	cache := t.TempDir()
	if found := plugin.Installed(plugin.CPU, plugin.Dir(cache)); len(found) != 0 {
		t.Skipf("the system has %s", found[0])
	}
	before := opened
	opened = map[string]*Backend{}
	defer func() { opened = before }()
	const warning = "computing in pure Go"
	var progress, warnings bytes.Buffer
	for _, c := range []struct {
		law            string
		o              Options
		told, elsewhen *bytes.Buffer
	}{
		{"who wants progress finds the warning in it", Options{Log: &progress}, &progress, &warnings},
		{"who wants none still gets the warning", Options{Log: io.Discard, Warnings: &warnings}, &warnings, &progress},
	} {
		progress.Reset()
		warnings.Reset()
		c.o.Choice, c.o.CacheDir = Auto, cache
		b, err := Open(t.Context(), c.o)
		if err != nil || b.Kind != string(Go) {
			t.Fatalf("%s: the backend is %v, %v", c.law, b, err)
		}
		if !strings.Contains(c.told.String(), warning) || strings.Contains(c.elsewhen.String(), warning) {
			t.Errorf("%s: %q, and elsewhere %q", c.law, c.told, c.elsewhen)
		}
	}
}

func TestATerminalGetsAWarningOnce(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	stderr := os.Stderr
	os.Stderr = write
	o := Options{Warnings: os.Stderr}
	for range 3 {
		o.warn("%d devices are slow", 2)
	}
	o.warn("%d devices are slow", 4)
	os.Stderr = stderr
	write.Close()
	text, err := io.ReadAll(read)
	if want := "2 devices are slow\n4 devices are slow\n"; err != nil || string(text) != want {
		t.Errorf("the terminal got %q (%v), want %q", text, err, want)
	}
}
