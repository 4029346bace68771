package jupyter

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/janpfeifer/must"
)

// client starts the kernel essnas as an editor does: from another directory, with nothing but the
// kernelspec.
const client = `
import json, sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="essnas", startup_timeout=240)
out = []
def hear(m):
    if m["msg_type"] == "stream":
        out.append(m["content"]["text"])
try:
    for code in json.loads(sys.stdin.read()):
        reply = client.execute_interactive(code, timeout=240, output_hook=hear)
        out.append(reply["content"]["status"])
finally:
    client.stop_channels()
    manager.shutdown_kernel()
print(json.dumps(out))
`

func TestAnInstalledKernelWorksForAnyClientAnywhere(t *testing.T) {
	environment(t)
	c := sources(t)
	data := t.TempDir()
	t.Setenv("JUPYTER_DATA_DIR", data)
	spec := must.M1(InstallKernel(c))
	if want := filepath.Join(data, "kernels", "essnas"); spec != want {
		t.Errorf("installed in %s, want %s", spec, want)
	}
	if _, err := os.Stat(filepath.Join(data, "labextensions", "essnas-alt", "static", "remoteEntry.js")); err != nil {
		t.Errorf("figures have no text alternative in JupyterLab: %v", err)
	}
	var kernel struct{ Argv []string }
	must.M(json.Unmarshal(must.M1(os.ReadFile(filepath.Join(spec, "kernel.json"))), &kernel))
	if len(kernel.Argv) != 2 || !filepath.IsAbs(kernel.Argv[0]) {
		t.Errorf("the kernelspec starts %q, want an absolute path", kernel.Argv)
	}
	dir := must.M1(location())
	command := exec.CommandContext(t.Context(), filepath.Join(dir, "bin", "python"), "-c", client)
	command.Dir = t.TempDir()
	// A desktop starts editors with an environment like this: no path to Go, no variable of essnas.
	command.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + os.Getenv("HOME"), "JUPYTER_DATA_DIR=" + data, "JUPYTER_RUNTIME_DIR=" + t.TempDir(), "JUPYTER_CONFIG_DIR=" + t.TempDir(), "ESSNAS_CACHE=" + os.Getenv("ESSNAS_CACHE")}
	// caches of earlier builds and downloads
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH", "XDG_CACHE_HOME"} {
		if value := os.Getenv(name); value != "" {
			command.Env = append(command.Env, name+"="+value)
		}
	}
	command.Stdin = strings.NewReader(string(must.M1(json.Marshal([]string{
		"import \"github.com/essnas/essnas/lib/cell\"\n%%\nfmt.Println(cell.PublishedNames()[0])",
		"import nb \"github.com/essnas/essnas/lib/notebook\"\n%%\nfmt.Println(len(nb.Do(\"params\", \"--genotype\", \"DARTS_V2\")) > 0)",
		"%%\npanic(\"on purpose\")",
	}))))
	command.Stderr = os.Stderr
	var said []string
	must.M(json.Unmarshal(must.M1(command.Output()), &said))
	got := strings.Join(said, "|")
	for _, want := range []string{"DARTS_V1\n|ok|", "true\n|ok|", "panic: on purpose"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is nowhere in %q", want, got)
		}
	}
	if said[len(said)-1] != "error" {
		t.Errorf("the last cell's status is %q", said[len(said)-1])
	}

	if found := Kernels(); len(found) == 0 || !strings.HasPrefix(found[len(found)-1], data) && !strings.HasPrefix(found[0], data) {
		t.Errorf("found kernels %v, want the one in %s among them", found, data)
	}
	if removed := must.M1(RemoveKernel()); removed != spec {
		t.Errorf("removed %s, want %s", removed, spec)
	}
	if _, err := os.Stat(spec); err == nil {
		t.Error("the kernelspec is still there")
	}
	if _, err := RemoveKernel(); err == nil || !strings.Contains(err.Error(), "nothing to remove") {
		t.Errorf("removed twice: %v", err)
	}
}
