package jupyter

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestPapermillListsTheConstantsOfItsCell(t *testing.T) {
	program := `
import sys
sys.path.insert(0, sys.argv[1])
import essnas_papermill
from papermill.translators import papermill_translators
source = 'import "x"\n\nconst preset = "a // b" // size of \\"it\\"\nconst rate = -0.5\n\nfunc f() int {\n\tconst inner = 3\n\treturn inner\n}\n'
for p in papermill_translators.find_translator("essnas", "go").inspect({"source": source}):
    print(p.name, p.default, p.help, sep="|")
`
	c := exec.CommandContext(t.Context(), filepath.Join(grader(t), "python"), "-c", program, filepath.Join(sources(t).Root, "kernels", "papermill"))
	c.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if want := "preset|\"a // b\"|size of \\\"it\\\"\nrate|-0.5|\n"; string(out) != want {
		t.Errorf("the parameters are %q, want %q", out, want)
	}
}
