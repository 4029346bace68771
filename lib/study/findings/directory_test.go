package findings

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/janpfeifer/must"
)

func TestAStudyThatNodesComputeIsOfTheBackendOfItsRuns(t *testing.T) {
	dir := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(dir, filepath.FromSlash(path))
		must.M(os.MkdirAll(filepath.Dir(path), 0o755))
		must.M(os.WriteFile(path, []byte(text), 0o644))
	}
	kind := func(want string) {
		t.Helper()
		if got := must.M1(Open(dir)).Config.Backend; got != want {
			t.Errorf("the study is of %q, want %q", got, want)
		}
	}
	write("study.json", `{"name": "study-sample-quick"}`)
	kind("")
	write("runs/random/seed1/sample/config.json", `{"stage": "train"}`) // not on a device yet
	write("runs/stage1/seed1/sample/config.json", `{"stage": "train", "backend": {"kind": "cuda"}}`)
	kind("cuda")
	write("study.json", `{"name": "study-sample-quick", "backend": "cpu"}`)
	kind("cpu")
}
