package complete

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/janpfeifer/must"
)

// at splits a cell at the mark |, the cursor.
func at(t *testing.T, cell string) (code string, cursor int) {
	t.Helper()
	before, after, there := strings.Cut(cell, "|")
	if !there {
		t.Fatalf("%q has no cursor", cell)
	}
	return before + after, len([]rune(before))
}

// here are the sources of this checkout and of the Go that tests it.
var here = sync.OnceValue(func() Sources {
	return Sources{
		Root: must.M1(filepath.Abs(filepath.Join("..", "..", ".."))),
		Go:   filepath.Join(strings.TrimSpace(string(must.M1(exec.Command("go", "env", "GOROOT").Output()))), "src"),
	}
})

func TestStringsOfKnownCallsAreCompletedByTheirWords(t *testing.T) {
	for _, c := range []struct {
		law, cell   string
		has, hasNot string // "": none
		replaced    int    // characters before the cursor
	}{
		{"settings of a search", `nb.Search(nb.Set("ss_|`, "ss_factor", "drop_path", 3},
		{"of a training, whose parenthesis is open", "%%\nnb.Train(\"DARTS_V2\", nb.Quiet, nb.Set(\"|", "drop_path", "ss_factor", 0},
		{"of all, where the call around is a function of one's own", `more(nb.Set("|`, "drop_path", "", 0},
		{"with text behind the cursor", `nb.Search(nb.Set("ss_f|"), nb.Seed(1))`, "ss_factor", "seed", 4},
		{"characters are counted, not bytes", "fmt.Println(\"Größe µ\")\nnb.Search(nb.Set(\"k|", "k", "seed", 1},
		{"presets", `nb.Search(nb.Preset("|")`, "course", "", 0},
		{"methods", `nb.Search(nb.Method("p|`, "pcp-darts", "darts", 1},
		{"published cells", `nb.Train("PC|`, "PC_DARTS_cifar", "DARTS_V2", 2},
		{"metrics", `e.Metric("arch_|`, "arch_accuracy", "train_loss", 5},
		{"values of a setting that has few", `nb.Train(g, nb.Set("adversarial", "|`, "fgsm", "pc-darts", 0},
	} {
		code, cursor := at(t, c.cell)
		a, ok := Words(code, cursor)
		if !ok || !slices.Contains(a.Matches, c.has) || c.hasNot != "" && slices.Contains(a.Matches, c.hasNot) || a.End != cursor || a.End-a.Start != c.replaced {
			t.Errorf("%s: %s is completed by %+v (%v)", c.law, c.cell, a, ok)
		}
	}
	for _, c := range []struct{ law, cell string }{
		{"outside of a string", `nb.Search(nb.Set(|`},
		{"behind it", `nb.Search(nb.Set("k"|`},
		{"in a string of another function", `fmt.Println("k|`},
		{"in a string in brackets", `nb.Train([]string{"PC|`},
		{"in a comment", `// nb.Set("k|`},
		{"in a line of the shell", `!echo nb.Set("k|`},
		{"in a value that is any text", `nb.Search(nb.Set("views", "|`},
	} {
		code, cursor := at(t, c.cell)
		if a, ok := Words(code, cursor); ok {
			t.Errorf("%s there are no words, but %s is completed by %+v", c.law, c.cell, a)
		}
	}
}

func TestPackagesThatACellDoesNotImportAreCompleted(t *testing.T) {
	for _, c := range []struct {
		law, cell, has string
		replaced       int
	}{
		{"by what they export", "%%\nfigure.Cur|", "Curves", 3},
		{"without a letter", "%%\nx := cell.|", "Published", 0},
		{"one within another directory", "%%\ncellgraph.N|", "Normal", 1},
		{"one of Go's library", "%%\nstrings.Rep|", "Repeat", 3},
		{"the one that most programs mean", "%%\nrand.|", "Shuffle", 0},
		{"under a name of the cell's", "import m \"math\"\n%%\nm.Sq|", "Sqrt", 2},
		{"under notebooks' usual name", "%%\nnb.Pred|", "Predict", 4},
		{"by their own names", "%%\ncellg|", "cellgraph", 5},
	} {
		code, cursor := at(t, c.cell)
		if a := here().Packages(code, cursor); !slices.Contains(a.Matches, c.has) || a.End-a.Start != c.replaced {
			t.Errorf("%s: %s is completed by %+v", c.law, c.cell, a)
		}
	}
	for _, c := range []struct{ law, cell string }{
		{"a variable", "%%\ncell := 3\ncell.P|"},
		{"a parameter", "func f(figure int) {\n\tfigure.C|"},
		{"a string", "%%\nfmt.Println(\"figure.Cur|"},
		{"a field", "%%\na.figure.Cur|"},
		{"what a package doesn't export", "%%\nfigure.curv|"},
	} {
		code, cursor := at(t, c.cell)
		if a := here().Packages(code, cursor); len(a.Matches) > 0 {
			t.Errorf("%s is completed: %s by %v", c.law, c.cell, a.Matches)
		}
	}
}

func TestUnfinishedCallsAreExplained(t *testing.T) {
	for _, c := range []struct{ law, cell, want string }{
		{"the function whose call is open", "%%\nfound := nb.Search(|", "func Search(options ...Option) *Run"},
		{"behind other arguments", "%%\nnb.Train(g, nb.Set(\"k\", 1), |", "func Train(genotype any, options ...Option) *Run"},
		{"the name at the cursor rather than the call around it", "%%\nnb.Search(nb.Pre|set(", "func Preset(name string) Option"},
		{"a type", "%%\nvar c figure.Cha|rt", "type Chart struct"},
		{"with its comment", "%%\nnb.Search(|", "searches a cell (essnas search)"},
		{"nothing of nothing", "%%\nx := (|", ""},
		{"nothing of a variable's method", "%%\nnb := 3\nnb.Search(|", ""},
	} {
		code, cursor := at(t, c.cell)
		got := here().Explain(code, cursor)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %s is explained by %q, want %q", c.law, c.cell, got, c.want)
		}
		if strings.Contains(got, here().Root) {
			t.Errorf("%s: a path of this machine is in %q", c.law, got)
		}
	}
}

func TestNoPositionOfAnyCellIsTooMuch(t *testing.T) {
	for _, code := range []string{"", "\"", "((((", "nb.Set(\"", "`", "))]]}}", "é\x00\xff.", "nb.Search(nb.Set('"} {
		for cursor := -1; cursor <= len(code)+1; cursor++ {
			Words(code, cursor)
			here().Packages(code, cursor)
			here().Explain(code, cursor)
		}
	}
}
