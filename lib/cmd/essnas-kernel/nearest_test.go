package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/janpfeifer/must"
)

func TestAnUndefinedNameOfAPackageNamesTheNearest(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("ESSNAS_GO", must.M1(exec.LookPath("go")))
	root := t.TempDir()
	t.Setenv("ESSNAS_ROOT", root)
	must.M(os.MkdirAll(filepath.Join(root, "lib", "notebook"), 0o755))
	must.M(os.WriteFile(filepath.Join(root, "lib", "notebook", "a.go"), []byte("package notebook\n\nfunc Search() {}\n"), 0o644))
	must.M(os.WriteFile("main.go", []byte("package main\n\nimport (\n\t\"fmt\"\n\tnb \"github.com/essnas/essnas/lib/notebook\"\n)\n\nfunc main() { fmt.Printn(nb.Serch()); strings.Trimm() }\n"), 0o644))
	for message, want := range map[string]string{
		"undefined: fmt.Printn":  "undefined: fmt.Printn: did you mean fmt.Println?",
		"undefined: nb.Serch":    "undefined: nb.Serch: did you mean nb.Search?",
		"undefined: fmt.Qwertyz": "undefined: fmt.Qwertyz",
		"undefined: x":           "undefined: x",
		"undefined: strings":     "undefined: strings.Trimm: did you mean strings.Trim?", // goimports has found no such strings
		"undefined: os.Exitt":    "undefined: os.Exitt",                                  // is not imported
	} {
		if got := meant(message); got != want {
			t.Errorf("%q becomes %q, want %q", message, got, want)
		}
	}
}
