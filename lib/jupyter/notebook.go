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

	"github.com/essnas/essnas/lib/internal/atomicfile"
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
	Execution map[string]string `json:"execution"` // times of messages, RFC 3339
}

// Output is an output of a cell.
type Output struct {
	// "stream", "display_data", "execute_result", "error"
	Type      string                     `json:"output_type"`
	Name      string                     `json:"name"`      // for a stream: "stdout", "stderr"
	Text      multiline                  `json:"text"`      // for a stream
	Data      map[string]json.RawMessage `json:"data"`      // for a display, by MIME type
	Value     string                     `json:"evalue"`    // for an error
	Traceback []string                   `json:"traceback"` // for an error
}

// multiline is a text that the file may store as a list of lines.
type multiline string

// UnmarshalJSON reads a string or a list of strings. Other values are an error.
func (m *multiline) UnmarshalJSON(text []byte) error {
	var lines []string
	if json.Unmarshal(text, &lines) == nil {
		*m = multiline(strings.Join(lines, ""))
		return nil
	}
	return json.Unmarshal(text, (*string)(m))
}

// Open reads a notebook. It returns an error if the file can't be read or is no notebook.
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

// Cells returns the cells of the notebook.
func (n *Notebook) Cells() []Cell { return n.cells }

// Size returns the size of the file in bytes.
func (n *Notebook) Size() int { return len(n.text) }

// Took returns the duration of the cell's last execution, or 0 if the notebook does not record it.
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

// Fault is a fault in the outputs of a cell.
type Fault struct {
	Cell int // counted from 1
	Text string
}

// Error returns the fault with the number of its cell.
func (f Fault) Error() string { return fmt.Sprintf("cell %d: %s", f.Cell, f.Text) }

// exitStatus matches the message of GoNB for a failed program. Jupyter does not count a failed
// shell line, !command, as an error.
var exitStatus = regexp.MustCompile(`(?m)^(exit status \d+|signal: .*)$`)

// Expected is the comment that marks a cell whose failure is intended.
const Expected = "// fails on purpose"

// Faults lists the faults of an executed notebook: errors, failed shell lines, cells that did not
// run, and figures without a PNG or a text version, which some viewers need.
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
				text = "a figure has no PNG, so GitHub and PDF don't show it"
			case o.Data["image/png"] != nil && o.Data["text/plain"] == nil, o.Data["text/html"] != nil && o.Data["text/plain"] == nil:
				text = "an output has no text/plain, so a terminal doesn't show it"
			}
			if text != "" {
				faults = append(faults, Fault{i + 1, text})
			}
		}
	}
	return
}

// Figures counts the outputs that contain figures.
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

// empty reports whether an output displays nothing but an empty text.
func empty(output any) bool {
	o, _ := output.(map[string]any)
	data, _ := o["data"].(map[string]any)
	lines, list := data["text/plain"].([]any)
	return len(data) == 1 && (data["text/plain"] == "" || list && len(lines) == 0)
}

// tidy rewrites the notebook without details that vary between executions: times, the order of
// keys, and finished progress bars. Differences between versions of the file then have a meaning.
// tidy also removes empty entries about the kernel's language, because nbconvert takes an empty
// lexer for that of Python.
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
	encoder.SetIndent("", " ") // the indentation of nbformat
	if err := encoder.Encode(file); err != nil {
		return err
	}
	return atomicfile.WriteBytes(n.path, text.Bytes())
}
