package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/janpfeifer/must"
)

func TestMissingImportsOfTheCheckoutsPackagesAreWritten(t *testing.T) {
	root := t.TempDir()
	for file, text := range map[string]string{
		"lib/figure/figure.go":          "package figure\n\ntype Bar struct{}\n\nfunc Bars() {}\n",
		"lib/figure/curves.go":          "package figure\n\nvar Curves, own int\n",
		"lib/figure/bars_test.go":       "package figure\n\nfunc Tested() {}\n",
		"lib/figure/make.go":            "//go:build ignore\n\npackage main\n\nfunc Made() {}\n",
		"lib/figure/graph/graph.go":     "package graph\n\nfunc Draw() {}\n",
		"lib/internal/hidden/hidden.go": "package hidden\n\nfunc F() {}\n",
		"lib/cmd/tool/tool.go":          "package tool\n\nfunc F() {}\n",
		"lib/twice/twice.go":            "package twice\n\nfunc F() {}\n",
		"lib/figure/twice/twice.go":     "package twice\n\nfunc F() {}\n",
		"lib/once/once.go":              "package once\n\nfunc F() {}\n",
		"lib/figure/once/once.go":       "package once\n\nfunc G() {}\n",
	} {
		must.M(os.MkdirAll(filepath.Dir(filepath.Join(root, file)), 0o755))
		must.M(os.WriteFile(filepath.Join(root, file), []byte(text), 0o644))
	}
	const project = "github.com/essnas/essnas/lib/"
	for _, c := range []struct{ law, text, want string }{
		{"a package", "func main() { figure.Bars() }", "figure"},
		{"all of it must be there", "func main() { figure.Bars(); figure.Sticks() }", ""},
		{"in several files", "var x = figure.Curves\nvar y figure.Bar", "figure"},
		{"but those of tests", "var x = figure.Tested", ""},
		{"and programs", "var x = figure.Made", ""},
		{"what is not exported is not there", "var x = figure.own", ""},
		{"a package in a package", "func main() { graph.Draw() }", "figure/graph"},
		{"a variable is none", "func main() { var figure struct{ Bars func() }; figure.Bars() }", ""},
		{"nor a parameter", "func f(figure struct{ Bars func() }) { figure.Bars() }", ""},
		{"one that is imported", "import \"" + project + "figure\"\nfunc main() { figure.Bars() }", ""},
		{"something else of that name", "import figure \"fmt\"\nfunc main() { figure.Bars() }", ""},
		{"internal ones are not for cells", "func main() { hidden.F() }", ""},
		{"nor parts of programs", "func main() { tool.F() }", ""},
		{"of two nobody knows which", "func main() { twice.F() }", ""},
		{"unless one has what is wanted", "func main() { once.G() }", "figure/once"},
		{"others are goimports' task", "func main() { fmt.Println(strings.Fields(x)) }", ""},
		{"what is no Go is", "func main( { figure.Bars() }", ""},
	} {
		file := filepath.Join(t.TempDir(), "main.go")
		text := "package main // cell\n\n" + c.text + "\n"
		must.M(os.WriteFile(file, []byte(text), 0o600))
		importOwn(file, root)
		want := text
		if c.want != "" {
			want = strings.Replace(text, "package main", `package main; import "`+project+c.want+`"`, 1)
		}
		if got := string(must.M1(os.ReadFile(file))); got != want {
			t.Errorf("%s: %q, want %q", c.law, got, want)
		}
	}
}
