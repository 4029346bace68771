package jupyter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/internal/whole"
)

// Notebook is a notebook file, format 4 (nbformat.readthedocs.io).
type Notebook struct {
	path  string
	text  []byte
	cells []Cell
}

// Cell is a cell of a notebook.
type Cell struct {
	Type     string     `json:"cell_type"` // "code", "markdown", "raw"
	Source   multiline  `json:"source"`
	Outputs  []Output   `json:"outputs"`
	Metadata cellRecord `json:"metadata"`
}

type cellRecord struct {
	Execution map[string]string `json:"execution"` // when messages came, RFC 3339
}

// Output is an output of a cell.
type Output struct {
	Type      string                     `json:"output_type"` // "stream", "display_data", "execute_result", "error"
	Name      string                     `json:"name"`        // of a stream: "stdout", "stderr"
	Text      multiline                  `json:"text"`        // of a stream
	Data      map[string]json.RawMessage `json:"data"`        // of a display, by MIME type
	Value     string                     `json:"evalue"`      // of an error
	Traceback []string                   `json:"traceback"`   // of an error
}

// multiline is a text that may be kept as a list of lines.
type multiline string

func (m *multiline) UnmarshalJSON(text []byte) error {
	var lines []string
	if json.Unmarshal(text, &lines) == nil {
		*m = multiline(strings.Join(lines, ""))
		return nil
	}
	return json.Unmarshal(text, (*string)(m))
}

// Open reads a notebook.
func Open(path string) (*Notebook, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	n := &Notebook{path: path, text: text}
	var file struct {
		Cells []Cell `json:"cells"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s is no notebook: %w", path, err)
	}
	n.cells = file.Cells
	return n, nil
}

// Cells are the notebook's.
func (n *Notebook) Cells() []Cell { return n.cells }

// Size of the file, in bytes.
func (n *Notebook) Size() int { return len(n.text) }

// Took is how long the cell ran when the notebook was executed last; 0 if that isn't recorded.
func (c Cell) Took() time.Duration {
	begun, err := time.Parse(time.RFC3339Nano, c.Metadata.Execution["iopub.execute_input"])
	if err != nil {
		return 0
	}
	ended, err := time.Parse(time.RFC3339Nano, c.Metadata.Execution["shell.execute_reply"])
	if err != nil {
		return 0
	}
	return ended.Sub(begun)
}

// Fault is what is wrong with a cell's outputs.
type Fault struct {
	Cell int // counted from 1, as people do
	Text string
}

func (f Fault) Error() string { return fmt.Sprintf("cell %d: %s", f.Cell, f.Text) }

// exitStatus is what GoNB writes when a program ends in failure; that of a shell line, !command, is no error to Jupyter.
var exitStatus = regexp.MustCompile(`(?m)^(exit status \d+|signal: .*)$`)

// Expected marks, as a comment, a cell that is there to fail.
const Expected = "// fails on purpose"

// Faults looks for what went wrong in an executed notebook: errors, failed shell lines, pictures without a PNG or a text beside them, which would not show
// everywhere, and cells that were not run.
func (n *Notebook) Faults() (faults []Fault) {
	for i, c := range n.cells {
		expected := strings.Contains(string(c.Source), Expected)
		for _, o := range c.Outputs {
			text := ""
			switch {
			case o.Type == "error" && !expected:
				text = strings.Join(o.Traceback, "\n")
			case o.Type == "stream" && o.Name == "stderr" && !expected && exitStatus.MatchString(string(o.Text)):
				text = strings.TrimSpace(string(o.Text))
			case o.Data["image/svg+xml"] != nil && o.Data["image/png"] == nil:
				text = "a figure has no PNG, so it doesn't show on GitHub nor in PDF"
			case o.Data["image/png"] != nil && o.Data["text/plain"] == nil, o.Data["text/html"] != nil && o.Data["text/plain"] == nil:
				text = "an output has no text/plain, so it doesn't show in a terminal"
			}
			if text != "" {
				faults = append(faults, Fault{i + 1, text})
			}
		}
	}
	return
}

// Figures counts the outputs that are pictures.
func (n *Notebook) Figures() (count int) {
	for _, c := range n.cells {
		for _, o := range c.Outputs {
			if o.Data["image/png"] != nil {
				count++
			}
		}
	}
	return
}

// empty says whether an output is a display of an empty text and nothing else.
func empty(output any) bool {
	o, _ := output.(map[string]any)
	data, _ := o["data"].(map[string]any)
	lines, list := data["text/plain"].([]any)
	return len(data) == 1 && (data["text/plain"] == "" || list && len(lines) == 0)
}

// tidy writes the notebook again without what changes from run to run, times, the order of keys, and the place of a progress that is over, so that versions of it
// can be compared; and without what the kernel leaves empty of its language: nbconvert takes an empty lexer for Python's.
func (n *Notebook) tidy() error {
	var file map[string]any
	decoder := json.NewDecoder(bytes.NewReader(n.text))
	decoder.UseNumber()
	if err := decoder.Decode(&file); err != nil {
		return err
	}
	if metadata, ok := file["metadata"].(map[string]any); ok {
		if language, ok := metadata["language_info"].(map[string]any); ok {
			maps.DeleteFunc(language, func(_ string, value any) bool { return value == "" })
		}
	}
	cells, _ := file["cells"].([]any)
	for _, c := range cells {
		c, _ := c.(map[string]any)
		if metadata, ok := c["metadata"].(map[string]any); ok {
			delete(metadata, "execution")
		}
		if outputs, ok := c["outputs"].([]any); ok {
			c["outputs"] = slices.DeleteFunc(outputs, empty)
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ") // as nbformat does
	if err := encoder.Encode(file); err != nil {
		return err
	}
	return whole.WriteBytes(n.path, text.Bytes())
}
