package jupyter

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// saved returns a notebook of one cell with this output.
func saved(t *testing.T, source, output string) *Notebook {
	t.Helper()
	path := filepath.Join(t.TempDir(), "one.ipynb")
	text := fmt.Sprintf(`{"cells": [{"cell_type": "code", "source": [%q], "metadata": {"execution": {"iopub.execute_input": "2030-01-01T00:00:00.5Z", "shell.execute_reply": "2030-01-01T00:00:02Z"}}, "outputs": [%s]}], "nbformat": 4}`, source, output)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	n, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFaultsOfANotebook(t *testing.T) {
	for _, c := range []struct{ law, source, output, want string }{
		{"an output is no fault", "", `{"output_type": "stream", "name": "stdout", "text": "exit status 1\n"}`, ""},
		{"an error is one", "", `{"output_type": "error", "evalue": "x", "traceback": ["first", "second"]}`, "first\nsecond"},
		{"unless it is on purpose", "// fails on purpose\n%%", `{"output_type": "error", "evalue": "x", "traceback": ["first"]}`, ""},
		{"a shell line that failed is one, though Jupyter has seen no error", "!false", `{"output_type": "stream", "name": "stderr", "text": ["exit status 1\n"]}`, "exit status 1"},
		{"a program that was killed is one", "", `{"output_type": "stream", "name": "stderr", "text": ["signal: killed\n"]}`, "signal: killed"},
		{"a drawing without PNG is one", "", `{"output_type": "display_data", "data": {"image/svg+xml": "<svg/>", "text/plain": "x"}}`, "no PNG"},
		{"a picture without text is one", "", `{"output_type": "display_data", "data": {"image/svg+xml": "<svg/>", "image/png": "eA=="}}`, "no text/plain"},
		{"a figure in all formats is none", "", `{"output_type": "display_data", "data": {"image/svg+xml": "<svg/>", "image/png": "eA==", "text/plain": "x"}}`, ""},
	} {
		t.Run(c.law, func(t *testing.T) {
			faults := saved(t, c.source, c.output).Faults()
			switch {
			case c.want == "" && len(faults) > 0:
				t.Errorf("found %v", faults)
			case c.want != "" && (len(faults) != 1 || !strings.Contains(faults[0].Text, c.want)):
				t.Errorf("found %v, want %q", faults, c.want)
			}
		})
	}
}

func TestATidyNotebookHasNoTimes(t *testing.T) {
	n := saved(t, "a < b", `{"output_type": "stream", "name": "stdout", "text": "x"}`)
	if took := n.Cells()[0].Took().Seconds(); took != 1.5 {
		t.Errorf("the cell took %g s, want 1.5", took)
	}
	if err := n.tidy(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(n.path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "2030") || !strings.Contains(string(text), "a < b") {
		t.Errorf("the tidy notebook is\n%s", text)
	}
}

func TestATidyNotebookHasNoEmptyOutputs(t *testing.T) {
	for _, c := range []struct {
		output string
		kept   bool
	}{
		// nbformat's form of a finished progress bar
		{`{"output_type": "display_data", "data": {"text/plain": []}}`, false},
		{`{"output_type": "display_data", "data": {"text/plain": ""}}`, false},
		{`{"output_type": "display_data", "data": {"text/plain": ["x"]}}`, true},
		{`{"output_type": "display_data", "data": {"text/plain": "", "image/png": "eA=="}}`, true},
		{`{"output_type": "stream", "name": "stdout", "text": ""}`, true},
	} {
		n := saved(t, "a < b", c.output)
		if err := n.tidy(); err != nil {
			t.Fatal(err)
		}
		again, err := Open(n.path)
		if err != nil {
			t.Fatal(err)
		}
		if kept := len(again.Cells()[0].Outputs) == 1; kept != c.kept {
			t.Errorf("%s is kept: %v, want %v", c.output, kept, c.kept)
		}
	}
}

// The project's notebooks are saved with their outputs, so that readers see them without a run.
// machine finds paths of the machine that has saved a notebook.
var machine = regexp.MustCompile(`/(tmp|var|root|home|work)/[\w./-]+`)

func TestSavedNotebooks(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sources(t).Root, "notebooks", "*.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("there are no notebooks yet")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			n, err := Open(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range n.Faults() {
				t.Error(f)
			}
			if n.Size() > 2e6 {
				t.Errorf("the file has %d bytes: want less than 2 MB", n.Size())
			}
			if n.Figures() == 0 {
				t.Error("it shows no figure")
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if path := machine.Find(raw); path != nil {
				t.Errorf("%s is a path of the machine that saved it: run it with ESSNAS_RUNS=runs", path)
			}
		})
	}
}

func TestATidyNotebookLeavesItsLexerToTheLanguage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "one.ipynb")
	text := `{"cells": [], "metadata": {"language_info": {"name": "go", "pygments_lexer": "", "codemirror_mode": ""}}, "nbformat": 4, "nbformat_minor": 4}`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	n, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.tidy(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(got), `"name": "go"`) || strings.Contains(string(got), `""`) {
		t.Errorf("the tidy notebook is\n%s", got)
	}
}
