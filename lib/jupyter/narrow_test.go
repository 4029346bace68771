package jupyter

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// figures lists the figures of a notebook: the widths of the image, of its file, and of its pane,
// and its height as a share of the right one.
const figures = `(() => [...document.querySelectorAll(".jp-RenderedSVG img")].filter((i) => i.naturalWidth).map((i) => ({
	shown: i.getBoundingClientRect().width, own: i.naturalWidth, pane: i.closest(".jp-OutputArea-output").clientWidth,
	high: i.getBoundingClientRect().height / (i.getBoundingClientRect().width * i.naturalHeight / i.naturalWidth) })))()`

func TestAFigureStaysInItsPane(t *testing.T) {
	ctx := browser(t)
	const name = "06-stage1.ipynb" // its stored outputs have the overview of a search
	text, err := os.ReadFile(filepath.Join(sources(t).Root, "notebooks", name))
	if err != nil {
		t.Fatal(err)
	}
	l := startLab(t, "/", map[string]string{name: string(text)})
	trust := exec.Command(filepath.Join(filepath.Dir(l.cmd.Path), "jupyter"), "trust", filepath.Join(l.dir, name))
	trust.Env = l.cmd.Env
	if out, err := trust.CombinedOutput(); err != nil {
		t.Fatalf("the stored figures can't be trusted, so JupyterLab would not show them: %v: %s", err, out)
	}
	steps(t, ctx, "opening", chromedp.EmulateViewport(940, 700), chromedp.Navigate(l.url+"lab/tree/"+name+"?reset&token="+token),
		until(`document.querySelector(".jp-Notebook .jp-Cell") !== null`))
	// JupyterLab draws cells as they come into view.
	steps(t, ctx, "scrolling to a wide figure", until(fmt.Sprintf(`(() => {
		const outer = document.querySelector(".jp-WindowedPanel-outer"), wide = (f) => f.own > f.pane;
		if (%s.some(wide)) return true;
		outer.scrollTop = outer.scrollTop + outer.clientHeight >= outer.scrollHeight - 2 ? 0 : outer.scrollTop + 200;
		return false;
	})()`, figures)))
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
}
