package jupyter

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/chromedp/chromedp"
)

// figures lists the figures of a notebook: the widths of the image, of its file, and of its pane,
// and its height as a share of the right one.
const figures = `(() => [...document.querySelectorAll(".jp-RenderedSVG img")].filter((i) => i.naturalWidth).map((i) => ({
	shown: i.getBoundingClientRect().width, own: i.naturalWidth, pane: i.closest(".jp-OutputArea-output").clientWidth,
	high: i.getBoundingClientRect().height / (i.getBoundingClientRect().width * i.naturalHeight / i.naturalWidth) })))()`

// excerpt returns a notebook of saved cells of other notebooks: the first cell of each whose output has
// this text.
func excerpt(t *testing.T, from map[string]string) string {
	t.Helper()
	var whole map[string]json.RawMessage
	var cells []json.RawMessage
	for name, mark := range from {
		text, err := os.ReadFile(filepath.Join(sources(t).Root, "notebooks", name))
		if err == nil {
			err = json.Unmarshal(text, &whole)
		}
		var all []json.RawMessage
		if err == nil {
			err = json.Unmarshal(whole["cells"], &all)
		}
		i := slices.IndexFunc(all, func(c json.RawMessage) bool { return strings.Contains(string(c), mark) })
		if err != nil || i < 0 {
			t.Fatalf("%s has no output with %s (%v)", name, mark, err)
		}
		cells = append(cells, all[i])
	}
	text, err := json.Marshal(cells)
	if err != nil {
		t.Fatal(err)
	}
	whole["cells"] = text
	if text, err = json.Marshal(whole); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSavedOutputsStayInTheirPaneAndSlidersAskForTheirCell(t *testing.T) {
	ctx := browser(t)
	const name = "saved.ipynb"
	l := startLab(t, "/", map[string]string{name: excerpt(t, map[string]string{"06-stage1.ipynb": "image/svg+xml", "13-ablation.ipynb": "essnas-reason"})})
	trust := exec.Command(filepath.Join(filepath.Dir(l.cmd.Path), "jupyter"), "trust", filepath.Join(l.dir, name))
	trust.Env = l.cmd.Env
	if out, err := trust.CombinedOutput(); err != nil {
		t.Fatalf("the saved outputs can't be trusted, so JupyterLab would not show them: %v: %s", err, out)
	}
	// The window is high enough for all cells: JupyterLab draws cells as they come into view.
	steps(t, ctx, "opening", chromedp.EmulateViewport(940, 4000), chromedp.Navigate(l.url+"lab/tree/"+name+"?reset&token="+token),
		until(figures+`.some((f) => f.own > f.pane)`), until(`document.querySelector(".essnas-reason") !== null`))
	type seen struct{ Shown, Own, Pane, High float64 }
	for _, f := range evaluated[[]seen](t, ctx, figures) {
		if f.Shown > f.Pane || f.Shown < min(f.Own, f.Pane)-1 {
			t.Errorf("a figure of %.0f pixels is shown with %.0f in a pane of %.0f", f.Own, f.Shown, f.Pane)
		}
		if f.High < 0.99 || f.High > 1.01 {
			t.Errorf("the height of a figure is %.2f of the right one", f.High)
		}
	}
	if got := evaluated[string](t, ctx, `document.querySelector(".essnas-reason").textContent`); !strings.Contains(got, "Run the cell to search") {
		t.Errorf("beside the button stands %q", got)
	}
	shoot(t, ctx, "saved")
}

// A window of 1366 pixels with the list of files shows as many columns. A longer line is cut off
// until the reader scrolls.
func TestCodeOfTheNotebooksFitsIntoAWindow(t *testing.T) {
	const most = 118
	paths, err := filepath.Glob(filepath.Join(sources(t).Root, "notebooks", "*.ipynb"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d notebooks, %v", len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var n struct {
			Cells []struct {
				Type   string   `json:"cell_type"`
				Source []string `json:"source"`
			} `json:"cells"`
		}
		if err := json.Unmarshal(text, &n); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, c := range n.Cells {
			for _, line := range c.Source {
				if columns := utf8.RuneCountInString(strings.ReplaceAll(strings.TrimRight(line, "\n"), "\t", "    ")); c.Type == "code" && columns > most {
					t.Errorf("%s: %d columns in %q", filepath.Base(path), columns, line)
				}
			}
		}
	}
}
