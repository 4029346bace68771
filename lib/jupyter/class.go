package jupyter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/essnas/essnas/lib/internal/atomicfile"
)

// Edition selects the edition of a notebook for a class: students', lecturers' or nbgrader's.
type Edition struct {
	// Solutions adds the solutions of the exercises, folded, and keeps the outputs.
	Solutions bool
	// Graded makes the source of an assignment for nbgrader: the title, and exercises with their model
	// answers and tests. It leaves out the lesson, which nbgrader would execute for every student.
	Graded bool
}

// Class writes an edition of a notebook to a directory, with the files that its cells read: its
// questions, the states of its sliders and the glossary. The zero Edition is the students', which
// has no outputs. Class reads solutions from solutions/NAME.md beside the notebook, a section "##
// N" for exercise N, and exercises for nbgrader from solutions/NAME.json.
//
// Class returns an error if the notebook or its solutions can't be read, if it has no such
// exercises, or if a file can't be written.
func Class(path, dir string, e Edition) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var file map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&file); err != nil {
		return fmt.Errorf("%s is no notebook: %w", path, err)
	}
	cells, _ := file["cells"].([]any)
	beside, name := filepath.Dir(path), strings.TrimSuffix(filepath.Base(path), ".ipynb")
	if !e.Solutions {
		for _, c := range cells {
			if c, ok := c.(map[string]any); ok && c["cell_type"] == "code" {
				c["outputs"], c["execution_count"] = []any{}, nil
			}
		}
	}
	if e.Solutions {
		answers, err := solutions(filepath.Join(beside, "solutions", name+".md"))
		if err != nil {
			return err
		}
		for i, answer := range answers {
			cells = append(cells, map[string]any{"cell_type": "markdown", "id": fmt.Sprint("solution-", i+1), "metadata": map[string]any{},
				"source": fmt.Sprintf("<details><summary>Solution of exercise %d</summary>\n\n%s\n\n</details>", i+1, answer)})
		}
	}
	if e.Graded {
		tasks, err := graded(filepath.Join(beside, "solutions", name+".json"))
		if err != nil {
			return err
		}
		cells = append(cells[:min(1, len(cells))], tasks...)
	}
	file["cells"] = cells
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(file); err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(filepath.Join(dir, filepath.Base(path)), out.Bytes()); err != nil {
		return err
	}
	for _, other := range []string{filepath.Join("quiz", name+".json"), strings.SplitN(name, "-", 2)[0] + "-states.json", "glossary.md"} {
		text, err := os.ReadFile(filepath.Join(beside, other))
		if errors.Is(err, fs.ErrNotExist) {
			continue // the notebook needs no such file
		}
		if err == nil {
			err = atomicfile.WriteBytes(filepath.Join(dir, other), text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// section matches the heading of a solution.
var section = regexp.MustCompile(`(?m)^## \d+\n`)

// solutions reads the solutions of a notebook's exercises, in their order.
func solutions(path string) (all []string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the notebook has no solutions: %w", err)
	}
	for _, s := range section.Split(string(text), -1)[1:] {
		all = append(all, strings.TrimSpace(s))
	}
	return all, nil
}

// task is an exercise that nbgrader grades.
type task struct {
	ID     string   `json:"id"`
	Text   string   `json:"text"`  // Markdown
	Model  []string `json:"model"` // lines of the model answer, with BEGIN SOLUTION and END SOLUTION
	Test   []string `json:"test"`  // lines of a cell that panics if the answer is wrong
	Points int      `json:"points"`
}

// graded reads exercises and makes cells of them in nbgrader's format (nbgrader.readthedocs.io,
// "The nbgrader metadata format", version 3).
func graded(path string) (cells []any, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the notebook has no exercises for nbgrader: %w", err)
	}
	var tasks []task
	if err := json.Unmarshal(text, &tasks); err != nil {
		return nil, fmt.Errorf("%s holds no exercises: %w", path, err)
	}
	mark := func(id string, grade, solution, locked bool, points int) map[string]any {
		m := map[string]any{"grade_id": id, "grade": grade, "solution": solution, "locked": locked, "task": false, "schema_version": 3}
		if grade {
			m["points"] = points
		}
		return map[string]any{"nbgrader": m}
	}
	for _, t := range tasks {
		cells = append(cells,
			map[string]any{"cell_type": "markdown", "id": t.ID + "-text", "metadata": mark(t.ID+"-text", false, false, true, 0), "source": t.Text},
			map[string]any{"cell_type": "code", "id": t.ID, "metadata": mark(t.ID, false, true, false, 0), "source": strings.Join(t.Model, "\n"), "outputs": []any{}, "execution_count": nil},
			map[string]any{"cell_type": "code", "id": t.ID + "-test", "metadata": mark(t.ID+"-test", true, false, true, t.Points), "source": strings.Join(t.Test, "\n"), "outputs": []any{}, "execution_count": nil})
	}
	return cells, nil
}

// GraderConfig is nbgrader's configuration for Go: the stub that replaces an answer, which nbgrader
// 0.9.5 lacks for Go, and the time limit of a cell.
const GraderConfig = `c = get_config()
c.CourseDirectory.course_id = "essnas"
c.ClearSolutions.code_stub = {"go": "panic(\"not written yet\")"}
c.InstantiateTests.comment_strs = {"go": "//"}
c.ExecutePreprocessor.timeout = 600
c.Execute.timeout = 600
`
