package plugin

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backend/plugin/plugintest"
)

// fakeWheel writes a wheel that holds a plugin and returns it with what describes it.
func fakeWheel(t *testing.T, files map[string]string) (Wheel, string) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	add := func(name, text string) {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	record := "fake-1.dist-info/RECORD,,\n"
	for name, text := range files {
		add(name, text)
		sum := sha256.Sum256([]byte(text))
		record += fmt.Sprintf("%s,sha256=%s,%d\n", name, base64.RawURLEncoding.EncodeToString(sum[:]), len(text))
	}
	add("fake-1.dist-info/RECORD", record)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "fake-1-py3-none-any.whl")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b.Bytes())
	return Wheel{
		wheel:   wheel{"fake", "1", map[string]string{runtime.GOARCH: hex.EncodeToString(sum[:])}},
		library: "fake/xla_cpu_plugin.so",
		Size:    "1 kB",
	}, path
}

var pluginFiles = map[string]string{"fake/xla_cpu_plugin.so": "a plugin", "fake/include/big.h": "a header", "fake/__init__.py": ""}

func TestAWheelIsInstalledOnceAndWhole(t *testing.T) {
	w, file := fakeWheel(t, pluginFiles)
	calls := filepath.Join(t.TempDir(), "calls")
	plugintest.UsePip(t, "echo call >>"+calls+"; cp "+file+" $DEST")
	plugins := filepath.Join(t.TempDir(), "cache", "plugins")
	left := filepath.Join(plugins, temporary+"killed")
	if err := os.MkdirAll(left, 0o700); err != nil {
		t.Fatal(err)
	}
	check := func(wantCalls int) {
		t.Helper()
		plugin, err := Install(t.Context(), plugins, w, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(plugin); string(b) != "a plugin" {
			t.Errorf("installed is %q, %v", b, err)
		}
		if b, _ := os.ReadFile(calls); strings.Count(string(b), "call") != wantCalls {
			t.Errorf("pip was called %d times, want %d", strings.Count(string(b), "call"), wantCalls)
		}
	}
	check(1)
	check(1)
	if exists(left) {
		t.Error("what a killed installation left is still there")
	}
	if exists(filepath.Join(w.dir(plugins), "fake/include/big.h")) {
		t.Error("headers are installed")
	}
	if err := os.Truncate(w.path(plugins), 3); err != nil {
		t.Fatal(err)
	}
	check(2)
	if err := os.Remove(filepath.Join(w.dir(plugins), "fake/__init__.py")); err != nil {
		t.Fatal(err)
	}
	check(3)
	// the same size
	if err := os.WriteFile(w.path(plugins), []byte("a plugon"), 0o600); err != nil {
		t.Fatal(err)
	}
	check(4)
}

func TestFailedInstallationsSayWhatToDo(t *testing.T) {
	good, file := fakeWheel(t, pluginFiles)
	empty, emptyFile := fakeWheel(t, map[string]string{"fake/readme": ""})
	escaping, escapingFile := fakeWheel(t, map[string]string{"../../escaped": ""})
	elsewhere := good
	elsewhere.sha256 = map[string]string{"other": "x"}
	cases := []struct {
		name   string
		wheel  Wheel
		script string
		want   []string
	}{
		{"no network", good, "echo 'WARNING: Retrying after connection broken by NewConnectionError'; echo 'ERROR: Could not find a version' >&2; echo 'ERROR: No matching distribution found for fake==1' >&2; exit 1",
			[]string{"pip could not download fake 1", "No matching distribution", "network", "proxy"}},
		{"pip is too old", good, "echo 'ERROR: No matching distribution found for fake==1'; exit 1", []string{"pip install --upgrade pip"}},
		{"another file by the index", good, "echo 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.'; exit 1", []string{"pip config list"}},
		{"full disk", good, "echo 'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device'; exit 1", []string{"make room", "ESSNAS_CACHE"}},
		{"something else", good, "echo what >&2; exit 3", []string{"exit status 3", "--backend"}},
		{"pip lies about the hash", good, "cp " + emptyFile + " $DEST", []string{"not the expected one", "pip config list"}},
		{"pip says yes and does nothing", good, "exit 0", []string{"missing"}},
		{"a wheel without the plugin", empty, "cp " + emptyFile + " $DEST", []string{"holds no fake/xla_cpu_plugin.so"}},
		{"a wheel that writes elsewhere", escaping, "cp " + escapingFile + " $DEST", []string{"leaves its directory"}},
		{"another system", elsewhere, "cp " + file + " $DEST", []string{"no wheel of fake 1 for " + runtime.GOOS}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			plugintest.UsePip(t, c.script)
			plugins := filepath.Join(t.TempDir(), "plugins")
			_, err := Install(t.Context(), plugins, c.wheel, io.Discard)
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
			left, _ := filepath.Glob(filepath.Join(plugins, "*"))
			for _, file := range left {
				if filepath.Base(file) != ".lock" {
					t.Errorf("left behind: %s", file)
				}
			}
		})
	}
}

func TestWithoutPipItSaysHowToGetIt(t *testing.T) {
	w, _ := fakeWheel(t, pluginFiles)
	t.Setenv("PATH", t.TempDir())
	if _, err := Install(t.Context(), t.TempDir(), w, io.Discard); err == nil || !strings.Contains(err.Error(), "apt-get install python3-pip") {
		t.Errorf("error %v", err)
	}
}

func TestAnInstallationCanBeInterrupted(t *testing.T) {
	w, _ := fakeWheel(t, pluginFiles)
	ctx, cancel := context.WithCancel(t.Context())
	pipe := filepath.Join(t.TempDir(), "started")
	if out, err := exec.Command("mkfifo", pipe).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	plugintest.UsePip(t, "echo started >"+pipe+"; exec sleep 1000")
	go func() {
		os.ReadFile(pipe) // until pip runs
		cancel()
	}()
	plugins := t.TempDir()
	if _, err := Install(ctx, plugins, w, io.Discard); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("error %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(plugins, temporary+"*")); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
