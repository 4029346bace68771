package jupyter

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/essnas/essnas/lib/internal/home"
	"github.com/essnas/essnas/lib/internal/whole"
)

// Page writes a notebook as it is saved to a file, as a page (HTML) that needs nothing else: nbconvert draws it, but formulas are MathML instead of scripts from the
// network, and figures shrink to the window. Sliders of [github.com/essnas/essnas/lib/notebook.Explore] work on it.
func Page(ctx context.Context, c home.Checkout, path, out string, say func(string)) error {
	n, err := Open(path)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "essnas-page-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	text, formulas, err := n.forPage()
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(filepath.Base(path), ".ipynb")
	copied := filepath.Join(dir, name+".ipynb") // whose name is the page's title
	if err := os.WriteFile(copied, text, 0o600); err != nil {
		return err
	}
	drawn, err := mathML(ctx, c, formulas, say)
	if err != nil {
		return err
	}
	command, err := Command(ctx, c, say, "jupyter", "nbconvert", "--to=html", "--output-dir="+dir, copied)
	if err != nil {
		return err
	}
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s can't be made a page (%s)", path, lastLine(string(said), err))
	}
	page, err := os.ReadFile(filepath.Join(dir, name+".html"))
	if err != nil {
		return err
	}
	page = fromElsewhere.ReplaceAll(page, nil)
	page = bytes.Replace(page, []byte("</head>"), []byte("<style>@media print { .highlight pre { white-space: pre-wrap } }</style>\n</head>"), 1) // paper can't be scrolled
	for i, formula := range drawn {
		page = bytes.ReplaceAll(page, []byte(placeholder(i)), []byte(formula))
	}
	return whole.WriteBytes(out, page)
}

// formula is one of a text in Markdown.
type formula struct {
	TeX   string `json:"tex"`
	Block bool   `json:"block"` // on lines of its own
}

// placeholder stands for a formula while Markdown becomes HTML, to which a formula's stars and lines mean something else.
func placeholder(i int) string { return fmt.Sprintf("essnas%dformula", i) }

// mathematics is what stands between dollars, $x$ or $$x$$; what is code, which may have dollars too, comes first.
var mathematics = regexp.MustCompile("(?s:```.*?```)|`[^`\n]*`|(?m:^    .*$)|(?s:\\$\\$(.+?)\\$\\$)|\\$([^\\s$`](?:[^$`\n]*[^\\s$`])?)\\$")

// forPage is the notebook's file with placeholders for the formulas of its texts, and with figures as pieces of a page, to which nbconvert can't give a description.
func (n *Notebook) forPage() (text []byte, formulas []formula, err error) {
	var file map[string]any
	decoder := json.NewDecoder(bytes.NewReader(n.text))
	decoder.UseNumber()
	if err := decoder.Decode(&file); err != nil {
		return nil, nil, err
	}
	cells, _ := file["cells"].([]any)
	for i, c := range cells {
		c, ok := c.(map[string]any)
		if !ok {
			continue
		}
		if n.cells[i].Type == "markdown" {
			c["source"] = mathematics.ReplaceAllStringFunc(string(n.cells[i].Source), func(found string) string {
				m := mathematics.FindStringSubmatch(found)
				if m[1] == "" && m[2] == "" {
					return found
				}
				formulas = append(formulas, formula{m[1] + m[2], m[1] != ""})
				return placeholder(len(formulas) - 1)
			})
		}
		outputs, _ := c["outputs"].([]any)
		for j, o := range outputs {
			if o, ok := o.(map[string]any); ok {
				if image := described(n.cells[i].Outputs[j]); image != "" {
					o["data"] = map[string]string{"text/html": image}
				}
			}
		}
	}
	text, err = json.Marshal(file)
	return text, formulas, err
}

// described is a figure with the text that describes it, for whoever can't see it; "" if the output is none.
func described(o Output) string {
	var data, text multiline
	source := ""
	if json.Unmarshal(o.Data["image/svg+xml"], &data) == nil {
		source = "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(data))
	} else if json.Unmarshal(o.Data["image/png"], &data) == nil {
		source = "data:image/png;base64," + strings.Join(strings.Fields(string(data)), "")
	}
	if source == "" || json.Unmarshal(o.Data["text/plain"], &text) != nil {
		return ""
	}
	return fmt.Sprintf(`<img alt="%s" src="%s" style="max-width: 100%%; height: auto">`, html.EscapeString(string(text)), source)
}

// mathML draws formulas. Browsers show MathML without a script.
func mathML(ctx context.Context, c home.Checkout, formulas []formula, say func(string)) (drawn []string, err error) {
	const program = `
import json, sys
from latex2mathml.converter import convert
json.dump([convert(f["tex"], display="block" if f["block"] else "inline") for f in json.load(sys.stdin)], sys.stdout)`
	command, err := Command(ctx, c, say, "python", "-c", program)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(formulas)
	if err != nil {
		return nil, err
	}
	var said bytes.Buffer
	command.Stdin, command.Stderr = bytes.NewReader(text), &said
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("the formulas can't be drawn (%s)", lastLine(said.String(), err))
	}
	if err := json.Unmarshal(out, &drawn); err != nil {
		return nil, err
	}
	for i := range drawn { // what a reader hears, and may copy
		drawn[i] = strings.Replace(drawn[i], "<math ", fmt.Sprintf("<math alttext=\"%s\" ", html.EscapeString(formulas[i].TeX)), 1)
	}
	return drawn, nil
}

// fromElsewhere are the scripts that nbconvert's pages load from the network: for widgets, formulas and diagrams, of which there are none left.
var fromElsewhere = regexp.MustCompile(`(?s)<script src="https?://[^"]*"[^>]*>\s*</script>|<script type="text/x-mathjax-config">.*?</script>|<script type="module">.*?</script>`)
