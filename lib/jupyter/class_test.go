package jupyter

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/internal/cachedir"
)

// lessonAt writes a notebook with an output, two exercises and their solutions.
func lessonAt(t *testing.T) (dir, path string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{
		"01-a.ipynb": `{"cells": [{"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# A"},
			{"cell_type": "code", "id": "code", "metadata": {}, "source": "%%\n1 < 2", "execution_count": 1, "outputs": [{"output_type": "stream", "name": "stdout", "text": "seen"}]}],
			"metadata": {}, "nbformat": 4, "nbformat_minor": 5}`,
		"solutions/01-a.md":   "# Solutions\n\n## 1\n\nFirst.\n\n## 2\n\nSecond $x$.\n",
		"solutions/01-a.json": `[{"id": "sum", "text": "## Add", "model": ["func f() int {", "\t// BEGIN SOLUTION", "\treturn 2", "\t// END SOLUTION", "}"], "test": ["%%", "f()"], "points": 3}]`,
		"quiz/01-a.json":      "[]", "01-states.json": "[]", "glossary.md": "# Glossary",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir, filepath.Join(dir, "01-a.ipynb")
}

func TestEditionsOfANotebook(t *testing.T) {
	_, path := lessonAt(t)
	for _, c := range []struct {
		law        string
		edition    Edition
		has, lacks []string
	}{
		{"students get no outputs and no solutions", Edition{}, []string{"1 < 2"}, []string{"seen", "Second", "nbgrader"}},
		{"lecturers get outputs, and solutions folded", Edition{Solutions: true}, []string{"seen", "<details><summary>Solution of exercise 2</summary>\\n\\nSecond $x$.\\n\\n</details>"}, []string{"nbgrader"}},
		{"nbgrader gets exercises alone", Edition{Graded: true}, []string{"# A", `"grade_id": "sum-test"`, `"points": 3`, "BEGIN SOLUTION"}, []string{"seen", "1 < 2"}},
	} {
		out := t.TempDir()
		if err := Class(path, out, c.edition); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(out, "01-a.ipynb"))
		if err != nil || !json.Valid(text) {
			t.Fatalf("%s: %v", c.law, err)
		}
		for _, want := range c.has {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s: %s is missing in\n%s", c.law, want, text)
			}
		}
		for _, not := range c.lacks {
			if strings.Contains(string(text), not) {
				t.Errorf("%s: %s is in\n%s", c.law, not, text)
			}
		}
		for _, other := range []string{"quiz/01-a.json", "01-states.json", "glossary.md"} {
			if _, err := os.Stat(filepath.Join(out, other)); err != nil {
				t.Errorf("%s: the cells read %s, which is not there", c.law, other)
			}
		}
	}
	if err := os.Remove(filepath.Join(filepath.Dir(path), "solutions", "01-a.md")); err != nil {
		t.Fatal(err)
	}
	if err := Class(path, t.TempDir(), Edition{Solutions: true}); err == nil || !strings.Contains(err.Error(), "has no solutions") {
		t.Errorf("without solutions: %v", err)
	}
}

// grader makes a virtual environment with nbgrader on first use. Only the failure to make it skips
// the test.
func grader(t *testing.T) (bin string) {
	t.Helper()
	if testing.Short() {
		t.Skip("nbgrader and papermill are installed")
	}
	cache, err := cachedir.Path()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "testdata", "class-2")
	bin = filepath.Join(dir, "bin")
	if _, err := os.Stat(filepath.Join(bin, "nbgrader")); err == nil {
		return bin
	}
	for _, command := range [][]string{{"python3", "-m", "venv", dir}, {filepath.Join(bin, "pip"), "install", "-q", "--disable-pip-version-check", "nbgrader==0.9.5", "papermill==2.7.0"},
		append([]string{filepath.Join(bin, "pip"), "uninstall", "-q", "--yes", "--disable-pip-version-check"}, unneeded...)} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			os.RemoveAll(dir)
			t.Skipf("nbgrader can't be installed here (%v): %s", err, lastLine(string(out), err))
		}
	}
	return bin
}

func TestPapermillWritesParametersAsGoConstants(t *testing.T) {
	program := `
import sys
sys.path.insert(0, sys.argv[1])
import essnas_papermill
from papermill.translators import papermill_translators
translator = papermill_translators.find_translator("essnas", "go")
print(translator.codify({"images": 640, "preset": "de\"mo", "rate": 0.5, "all": True, "factors": [0, 0.5], "names": ["a"]}), end="")
try:
    translator.codify({"x": {"a": 1}})
except ValueError as e:
    print(e)
`
	c := exec.CommandContext(t.Context(), filepath.Join(grader(t), "python"), "-c", program, filepath.Join(sources(t).Root, "kernels", "papermill"))
	c.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const want = `// Parameters
const images = 640
const preset = "de\"mo"
const rate = 0.5
const all = true
func factors() []float64 { return []float64{0.0, 0.5} }
func names() []string { return []string{"a"} }
a parameter of a Go notebook is a number, a text, a boolean or a list of those
`
	if string(out) != want {
		t.Errorf("the parameters are\n%s", out)
	}
}

func TestPapermillRunsANotebookWithOtherParameters(t *testing.T) {
	environment(t)
	bin, dir := grader(t), t.TempDir()
	tools, err := Tools(t.Context(), sources(t), func(text string) { t.Log(text) })
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(notebook(t, "const images = 160", "%%\nfmt.Println(\"images:\", images)"), `"metadata":{}`, `"metadata":{"tags":["parameters"]}`, 1)
	if err := os.WriteFile(filepath.Join(dir, "in.ipynb"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	const program = `
import sys
sys.path.insert(0, sys.argv[1])
import essnas_papermill, papermill
papermill.execute_notebook("in.ipynb", "out.ipynb", parameters={"images": 640}, kernel_name="essnas", progress_bar=False)
`
	c := exec.CommandContext(t.Context(), filepath.Join(bin, "python"), "-c", program, filepath.Join(sources(t).Root, "kernels", "papermill"))
	c.Dir = dir
	c.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "JUPYTER_PATH="+sources(t).Root, "ESSNAS_ROOT="+sources(t).Root, "ESSNAS_TOOLS="+tools,
		"JUPYTER_CONFIG_DIR="+t.TempDir(), "JUPYTER_RUNTIME_DIR="+t.TempDir(), "JUPYTER_DATA_DIR="+t.TempDir(), "IPYTHONDIR="+t.TempDir())
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("papermill: %v\n%s", err, said)
	}
	out, err := os.ReadFile(filepath.Join(dir, "out.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"const images = 160", "const images = 640", `images: 640\n`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

func TestNbgraderGivesModelAnswersAllPointsAndBlankOnesNone(t *testing.T) {
	environment(t)
	bin, course := grader(t), t.TempDir()
	tools, err := Tools(t.Context(), sources(t), func(text string) { t.Log(text) })
	if err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(course, "source", "cells")
	for _, name := range []string{"00-start", "02-cell", "05-barlow"} {
		if err := Class(filepath.Join(sources(t).Root, "notebooks", name+".ipynb"), source, Edition{Graded: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(course, "nbgrader_config.py"), []byte(GraderConfig), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) {
		t.Helper()
		c := exec.CommandContext(t.Context(), filepath.Join(bin, "nbgrader"), args...)
		c.Dir = course
		c.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "ESSNAS_PRESET=demo", "ESSNAS_IMAGES=160", "JUPYTER_PATH="+sources(t).Root, "ESSNAS_ROOT="+sources(t).Root, "ESSNAS_TOOLS="+tools,
			"JUPYTER_CONFIG_DIR="+t.TempDir(), "JUPYTER_RUNTIME_DIR="+t.TempDir(), "JUPYTER_DATA_DIR="+t.TempDir(), "IPYTHONDIR="+t.TempDir())
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("nbgrader %q: %v\n%s", args, err, out)
		}
	}
	run("generate_assignment", "cells")
	for student, answers := range map[string]string{"model": source, "blank": filepath.Join(course, "release", "cells")} {
		if err := os.CopyFS(filepath.Join(course, "submitted", student, "cells"), os.DirFS(answers)); err != nil {
			t.Fatal(err)
		}
	}
	run("autograde", "cells")
	run("generate_feedback", "cells")
	run("export")
	file, err := os.Open(filepath.Join(course, "grades.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, row := range rows[1:] {
		got[row[3]] = row[len(row)-2] + " of " + row[len(row)-1]
	}
	if got["model"] != "7.0 of 7.0" || got["blank"] != "0.0 of 7.0" {
		t.Errorf("the grades are %v", got)
	}
	if found, _ := filepath.Glob(filepath.Join(course, "feedback", "*", "cells", "*.html")); len(found) != 6 {
		t.Errorf("there are %d pages of feedback, want 6", len(found))
	}
}
