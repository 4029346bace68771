package jupyter

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

func TestSavedOutputsOfAnOpenedNotebook(t *testing.T) {
	ctx := browser(t)
	files := map[string]string{}
	for _, name := range []string{"06-stage1.ipynb", "13-ablation.ipynb"} {
		text, err := os.ReadFile(filepath.Join(sources(t).Root, "notebooks", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	l := startLab(t, "/", files)
	open := func(name string) {
		trust := exec.Command(filepath.Join(filepath.Dir(l.cmd.Path), "jupyter"), "trust", filepath.Join(l.dir, name))
		trust.Env = l.cmd.Env
		if out, err := trust.CombinedOutput(); err != nil {
			t.Fatalf("the saved outputs can't be trusted, so JupyterLab would not show them: %v: %s", err, out)
		}
		steps(t, ctx, "opening", chromedp.EmulateViewport(940, 700), chromedp.Navigate(l.url+"lab/tree/"+name+"?reset&token="+token),
			until(`document.querySelector(".jp-Notebook .jp-Cell") !== null`))
	}
	// JupyterLab draws cells as they come into view.
	scrolled := func(expression string) chromedp.Action[chromedp.Void] {
		return until(fmt.Sprintf(`(() => {
			const outer = document.querySelector(".jp-WindowedPanel-outer");
			if (%s) return true;
			outer.scrollTop = outer.scrollTop + outer.clientHeight >= outer.scrollHeight - 2 ? 0 : outer.scrollTop + 200;
			return false;
		})()`, expression))
	}
	t.Run("a figure stays in its pane", func(t *testing.T) {
		open("06-stage1.ipynb") // it has the overview of a search
		steps(t, ctx, "scrolling to a wide figure", scrolled(figures+`.some((f) => f.own > f.pane)`))
		type seen struct{ Shown, Own, Pane, High float64 }
		for _, f := range evaluated[[]seen](t, ctx, figures) {
			if f.Shown > f.Pane || f.Shown < min(f.Own, f.Pane)-1 {
				t.Errorf("a figure of %.0f pixels is shown with %.0f in a pane of %.0f", f.Own, f.Shown, f.Pane)
			}
			if f.High < 0.99 || f.High > 1.01 {
				t.Errorf("the height of a figure is %.2f of the right one", f.High)
			}
		}
		shoot(t, ctx, "narrow")
	})
	t.Run("sliders whose cell has not run ask for that", func(t *testing.T) {
		open("13-ablation.ipynb")
		steps(t, ctx, "scrolling to the sliders", scrolled(`document.querySelector(".essnas-reason") !== null`))
		if got := evaluated[string](t, ctx, `document.querySelector(".essnas-reason").textContent`); !strings.Contains(got, "Run the cell to search") {
			t.Errorf("beside the button stands %q", got)
		}
	})
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
