package jupyter

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// small lists the visible texts of a notebook that have less than 16 pixels, also those within
// figures, and the share of the window that the widest figure takes.
const small = `(async () => {
	const list = [], notebook = document.querySelector(".jp-Notebook"), walk = document.createTreeWalker(notebook, NodeFilter.SHOW_TEXT);
	for (let node = walk.nextNode(); node; node = walk.nextNode()) {
		const e = node.parentElement, style = getComputedStyle(e), r = e.getBoundingClientRect();
		if (!node.textContent.trim() || style.visibility === "hidden" || r.width < 2 || r.height < 2 || e.closest("style, script, title, .essnas-heard, caption, .jp-NotebookPanel-toolbar, .jp-Toolbar, .jp-cell-toolbar, .jp-Notebook-footer")) continue;
		const svg = e.closest("svg"), scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : e.currentCSSZoom || 1;
		const size = parseFloat(style.fontSize) * scale;
		if (size < 15.9) list.push(size.toFixed(1) + " " + node.textContent.trim().slice(0, 30) + " in " + (e.getAttribute("class") || e.tagName));
	}
	let widest = 0;
	for (const img of notebook.querySelectorAll(".jp-RenderedSVG img")) {
		const text = await (await fetch(img.src)).text(), width = Number(text.match(/viewBox="0 0 ([0-9.]+)/)[1]);
		for (const m of text.matchAll(/font-size:([0-9.]+)px/g)) if (m[1] * img.clientWidth / width < 15.9) list.push((m[1] * img.clientWidth / width).toFixed(1) + " in a figure");
		widest = Math.max(widest, img.clientWidth / notebook.clientWidth);
	}
	const code = [...document.querySelectorAll(".jp-CodeCell .jp-InputArea-editor")].map((e) => e.clientHeight + " " + e.dataset.essnasLine);
	return { small: [...new Set(list)], widest, code };
})()`

func TestAProjectorShowsNoSmallText(t *testing.T) {
	ctx := browser(t)
	files := explorer(t)
	files["project.ipynb"] = notebook(t, "import (\n\tnb \"github.com/essnas/essnas/lib/notebook\"\n)\n%%\n"+`nb.Projector()
x := []float64{1, 2, 3}
chart := figure.Chart{Title: "a", X: "epoch", Y: "loss", Series: []figure.Series{{Name: "training", Y: x}}}
nb.Show(figure.Curves(chart, chart, chart), "curves")
nb.Table([]string{"a", "b"}, [][]string{{"c", "1"}})
fmt.Println("printed")
nb.Markdown("so $\\alpha_o$")
nb.Explore(nb.LoadStates("states.json"), nb.Steps("ss_factor", 0.05))`)
	l := startLab(t, "/", files)
	steps(t, ctx, "opening", chromedp.EmulateViewport(1920, 1080), chromedp.Navigate(l.url+"lab/tree/project.ipynb?reset&token="+token), until(`document.querySelector(".jp-Notebook .jp-CodeCell .cm-content") !== null && document.querySelector('.jp-Notebook-ExecutionIndicator[data-status="idle"]') !== null`))
	steps(t, ctx, "running", runFirst())
	steps(t, ctx, "waiting for its outputs", until(`document.querySelector(".essnas-explore .essnas-cell") !== null && document.querySelector(".jp-RenderedSVG img") !== null && document.querySelector(".jp-RenderedSVG img").style.width !== ""`))
	steps(t, ctx, "leaving the cell", chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`), until(`document.querySelector(".jp-CodeCell .jp-InputArea-editor").clientHeight < 60`))
	for _, theme := range []string{"light", "dark"} {
		if theme == "dark" {
			steps(t, ctx, "going dark", chromedp.Evaluate[chromedp.Void](`document.body.dataset.jpThemeLight = "false"; document.querySelectorAll("link[href*='theme-light-extension']").forEach((e) => e.href = e.href.replace("theme-light-extension", "theme-dark-extension"))`))
		}
		type measured struct {
			Small  []string
			Widest float64
			Code   []string
		}
		m, err := chromedp.Run(ctx, chromedp.Evaluate[measured](small, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Small) > 0 {
			t.Errorf("%s: texts of less than 16 pixels: %q", theme, m.Small)
		}
		if m.Widest < 0.9 {
			t.Errorf("%s: the widest figure takes %.2f of the window", theme, m.Widest)
		}
		for i, line := range m.Code[:1] { // Jupyter adds an empty cell below
			var height int
			fmt.Sscan(line, &height)
			if height > 60 || !strings.Contains(line, "▸ nb.Projector()") {
				t.Errorf("%s: code cell %d is shown as %q", theme, i, line)
			}
		}
		shoot(t, ctx, "projector "+theme)
		steps(t, ctx, "scrolling", chromedp.Evaluate[chromedp.Void](`document.querySelector(".essnas-explore").scrollIntoView({ block: "start" })`))
		shoot(t, ctx, "projector slider "+theme)
		steps(t, ctx, "scrolling back", chromedp.Evaluate[chromedp.Void](`document.querySelector(".essnas-projector").scrollIntoView()`))
	}
	steps(t, ctx, "leaving", click(".essnas-projector button"), until(`!document.body.classList.contains("essnas-projecting") && document.querySelector(".jp-RenderedSVG img").style.width === ""`))
}

func TestSlidesNeedNoNetwork(t *testing.T) {
	environment(t)
	ctx := browser(t)
	out := filepath.Join(t.TempDir(), "one.slides.html")
	path := filepath.Join(sources(t).Root, "notebooks", "05-barlow.ipynb")
	if err := Slides(t.Context(), sources(t), path, out, func(text string) { t.Log(text) }); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var outside []string
	do(t, ctx, "listening", func(ctx context.Context, _ *chromedp.Target) error {
		return chromedp.Listen(ctx, func(event any) {
			if e, ok := event.(*network.EventRequestWillBeSent); ok && strings.HasPrefix(e.Request.URL, "http") {
				mu.Lock()
				defer mu.Unlock()
				outside = append(outside, e.Request.URL)
			}
		})
	})
	steps(t, ctx, "opening", chromedp.EmulateViewport(1920, 1080), chromedp.Navigate("file://"+out), until(`window.Reveal && Reveal.isReady()`))
	titles := evaluated[[]string](t, ctx, `[...document.querySelectorAll(".slides > section")].map((e) => (e.querySelector("h1, h2") || e).textContent.trim().replace("¶", ""))`)
	if want := strings.Count(string(text), `"## `) + 1; len(titles) < want || titles[0] != "05 · Barlow Twins" {
		t.Errorf("the slides are %q, want one for each of %d sections", titles, want)
	}
	if n := evaluated[int](t, ctx, `document.querySelectorAll("math").length`); n < 5 {
		t.Errorf("%d formulas are drawn", n)
	}
	shoot(t, ctx, "slides first")
	steps(t, ctx, "turning", chromedp.KeyEvent(kb.ArrowRight), until(`Reveal.getIndices().h === 1 && document.querySelector(".slides > section.present h2, .slides > section.present section.present h2") !== null`))
	shoot(t, ctx, "slides second")
	mu.Lock()
	defer mu.Unlock()
	if len(outside) > 0 {
		t.Errorf("the slides have loaded %q", outside)
	}
}
