package jupyter

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestCells(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	k := startLab(t, "/", nil).kernel()
	t.Run("import the checkout's packages and run them", func(t *testing.T) {
		e := k.ok("import \"github.com/essnas/essnas/lib/cell\"\n%%\nfmt.Println(cell.PublishedNames())")
		if !strings.Contains(e.stdout, "DARTS_V2") {
			t.Errorf("the cell has printed %q", e.stdout)
		}
		t.Logf("first cell %v, again %v", e.took, k.ok("%%\nfmt.Println(len(cell.PublishedNames()))").took)
	})
	for _, fault := range []struct{ law, cell, first, text string }{
		{"a panic says what and where", "%%\nx := []int{1}\ni := 3\nfmt.Println(x[i])", "index out of range [3] with length 1", "Line 4"},
		{"so does one of a goroutine", "func broken() { panic(\"no good\") }\n%%\ngo broken()\ntime.Sleep(time.Minute)", "panic: no good", "Line 1"},
		{"so does a deep one", "func deep(n int) int { if n == 0 { panic(\"at the bottom\") }; return 1 + deep(n-1) }\n%%\nfmt.Println(deep(500))", "panic: at the bottom", "Line 1"},
		{"log.Fatal says what", "%%\nlog.Fatal(\"no such file\")", "no such file", ""},
		{"a compile error says what and where", "%%\nfmt.Println(nothing)", "undefined: nothing", "Line 2"},
		{"many compile errors are a few", "%%\n" + strings.Repeat("fmt.Println(nothing)\n", 30), "undefined: nothing", "Line 2"},
		{"a misspelt function names the nearest", "%%\nfmt.Printn(1)", "did you mean fmt.Println?", "Line 2"},
		{"statements without their mark say so", "fmt.Println(1)", "Put %% above the first statement", "expected declaration"},
		// this is GoNB's own message
		{"what is no Go says where, then what", "%%\nif {", "Line 2", "missing condition"},
		{"an unknown setting says which is meant", "import nb \"github.com/essnas/essnas/lib/notebook\"\n%%\nnb.Search(nb.Set(\"ss_facto\", 1))", "did you mean --ss-factor?", "Line 3"},
		{"a data set that isn't there says what to do", "%%\nnb.Search(nb.Dataset(\"cifar10\"))", "run \"essnas data fetch cifar10 --data", "Line 2"},
		{"a run that isn't there says what to do", "%%\nr := &nb.Run{}\nr.Dir = \"/nowhere\"\nnb.Predict(r, nb.Images(0))", "/nowhere is not a run", "Line 4"},
		{"a cell that takes too much memory says where", "import \"syscall\"\n%%\nsyscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: 2 << 30, Max: 2 << 30})\nx := make([]byte, 8<<30)\nfmt.Println(len(x))", "out of memory", "Line 4"},
		{"a cell that the system kills for its memory says so", "%%\nsyscall.Kill(os.Getpid(), syscall.SIGKILL)", "because memory ran out", ""},
	} {
		t.Run(fault.law, func(t *testing.T) {
			e := k.run(fault.cell, nil)
			text := e.text()
			if e.status != "error" {
				t.Errorf("the cell's status is %q", e.status)
			}
			first, _, _ := strings.Cut(text, "\n")
			if !strings.Contains(first, fault.first) {
				t.Errorf("the first line is %q, want %q in it", first, fault.first)
			}
			if fault.text != "" && !strings.Contains(text, fault.text) {
				t.Errorf("%q is nowhere in\n%s", fault.text, text)
			}
			if n := lines(text); n > 15 {
				t.Errorf("%d lines are too many:\n%s", n, text)
			}
		})
	}
	// GoNB names its logs so, and makes the first one when it starts.
	if logs, _ := filepath.Glob(filepath.Join(temporary, "gonb.*")); len(logs) > 0 {
		t.Errorf("a log of the kernel lies where other users read it: %q", logs)
	}
}
