package jupyter

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Building it takes three seconds at each start of JupyterLab, of a notebook's run, and of a page.
func TestJupyterStartsWithoutBuildingAParser(t *testing.T) {
	environment(t)
	dir, err := Environment(t.Context(), func(text string) { t.Log(text) })
	if err != nil {
		t.Fatal(err)
	}
	const loaded = "import nbformat, sys; print(*[m for m in ('jsonschema', 'lark') if m in sys.modules])"
	if out, err := exec.CommandContext(t.Context(), filepath.Join(dir, "bin", "python"), "-c", loaded).CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "jsonschema" {
		t.Errorf("of jsonschema and the parser generator lark, these are loaded: %s (%v)", out, err)
	}
}
