package jupyter

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// own returns the text of one of the project's notebooks.
func own(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(sources(t).Root, "notebooks", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// emptied returns the text of a notebook without its outputs.
func emptied(t *testing.T, text string) string {
	t.Helper()
	var file struct {
		Cells    []map[string]any `json:"cells"`
		Metadata any              `json:"metadata"`
		Format   int              `json:"nbformat"`
		Minor    int              `json:"nbformat_minor"`
	}
	if err := json.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Cells {
		if c["cell_type"] == "code" {
			c["outputs"], c["execution_count"] = []any{}, nil
		}
	}
	empty, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(empty)
}

// drawings counts the drawings in the outputs of a notebook.
func drawings(n *Notebook) (count int) {
	for _, c := range n.Cells() {
		for _, o := range c.Outputs {
			if o.Data["image/svg+xml"] != nil {
				count++
			}
		}
	}
	return
}

// watch inspects the figures of the last cell that has one in each frame. It counts how often they
// change and whether one vanishes in between.
const watch = `window.watched = { frames: 0, gone: 0, drawn: 0 };
	(() => {
		let last = "";
		const look = () => {
			const w = window.watched, image = Array.from(document.querySelectorAll(".jp-CodeCell .jp-RenderedSVG img")).at(-1);
			w.frames++;
			if (last && !(image && image.complete && image.naturalWidth > 0)) w.gone++;
			if (image && image.src !== last) { last = image.src; w.drawn++; }
			requestAnimationFrame(look);
		};
		look();
	})()`

type watched struct{ Frames, Gone, Drawn int }

// TestNotebooksInTheBrowser opens the first notebook and the notebook with sliders as they are in
// the repository, runs all their cells, and drags the sliders. JupyterLab is behind a hub, which is
// the harder address: other tests of figures and sliders have it at /.
func TestNotebooksInTheBrowser(t *testing.T) {
	files := map[string]string{"13-states.json": own(t, "13-states.json"), "13-ablation.ipynb": emptied(t, own(t, "13-ablation.ipynb")), "00-start.ipynb": emptied(t, own(t, "00-start.ipynb")),
		"quiz/13-ablation.json": own(t, "quiz/13-ablation.json"), "quiz/00-start.json": own(t, "quiz/00-start.json")}
	ctx := browser(t)
	l := startLab(t, "/hub/user/x/", files)
	for _, n := range []struct {
		name, there string // appears on the page after a run
		cells       int
	}{
		{"13-ablation", `.essnas-explore input[data-setting=ss_factor]`, 4},
		{"00-start", `.jp-CodeCell .jp-OutputArea-output svg, .jp-CodeCell .jp-OutputArea-output img`, 6},
	} {
		steps(t, ctx, "opening "+n.name, chromedp.Navigate(l.url+"lab/tree/"+n.name+".ipynb?reset&token="+token), until(`document.querySelector(".jp-Notebook h1") !== null && document.querySelector('.jp-Notebook-ExecutionIndicator[data-status="idle"]') !== null`))
		steps(t, ctx, "watching the figures", chromedp.Evaluate[chromedp.Void](watch))
		steps(t, ctx, "restarting its kernel", click(`[data-command="notebook:restart-run-all"]`), click(".jp-Dialog .jp-mod-accept"))
		start := time.Now()
		steps(t, ctx, "running it", until(fmt.Sprintf(`(() => {
			const prompts = Array.from(document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")).map((e) => e.textContent.trim());
			return prompts.length === %d && prompts.every((p, i) => p === "[" + (i + 1) + "]:") && document.querySelector(%q) !== null;
		})()`, n.cells, n.there)))
		took := time.Since(start)
		seen, err := chromedp.Run(ctx, chromedp.Evaluate[watched](`window.watched`))
		// one frame, during the decoding of a new image, is invisible
		if err != nil || seen.Gone > seen.Drawn {
			t.Errorf("in %d of %d frames a figure that had been there was missing; it was drawn %d times (%v)", seen.Gone, seen.Frames, seen.Drawn, err)
		}
		if n.name == "00-start" && seen.Drawn < 3 {
			t.Errorf("a search's figure was drawn %d times, want once for each of its 3 epochs at least", seen.Drawn)
		}
		t.Logf("all cells of %s ran in %v; the last one's figure was drawn %d times in %d frames", n.name, took, seen.Drawn, seen.Frames)
		// Nothing is wider than its cell.
		wide, err := chromedp.Run(ctx, chromedp.Evaluate[float64](`Math.max(...Array.from(document.querySelectorAll(".jp-OutputArea-output")).map((e) => e.scrollWidth - e.clientWidth))`))
		if err != nil || wide > 0 {
			t.Errorf("an output of %s is %g pixels wider than its cell (%v)", n.name, wide, err)
		}
		faults, err := chromedp.Run(ctx, chromedp.Evaluate[string](`Array.from(document.querySelectorAll('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"], .jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]')).map((e) => e.textContent).join("\n")`))
		if err != nil || faults != "" {
			t.Errorf("%s says: %s (%v)", n.name, faults, err)
		}
		shoot(t, ctx, n.name)
		names := evaluated[[]string](t, ctx, `Array.from(document.querySelectorAll(".jp-RenderedSVG img, .jp-RenderedImage img")).map((e) => e.computedName)`)
		if len(names) == 0 {
			t.Errorf("%s shows no figure", n.name)
		}
		for i, said := range names {
			if len(said) < 10 || strings.HasPrefix(said, "<") {
				t.Errorf("of figure %d of %s a screen reader says %q", i, n.name, said)
			}
		}
		t.Run(n.name+" has no serious obstacle", func(t *testing.T) {
			program := axe(t)
			steps(t, ctx, "loading axe", chromedp.Evaluate[chromedp.Void](program))
			found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](obstacles, chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range found {
				t.Error(f)
			}
		})
		if n.name == "13-ablation" {
			for _, value := range []float64{1, 0.25} {
				d, err := chromedp.Run(ctx, chromedp.Evaluate[dragged](fmt.Sprintf(drag, value), chromedp.EvalAwaitPromise))
				if err != nil {
					t.Fatal(err)
				}
				if want := fmt.Sprintf("ss_factor = %g", value); !strings.Contains(d.Shown, want) || !d.Changed {
					t.Errorf("at %g the page shows %q (changed: %v)", value, d.Shown, d.Changed)
				}
				t.Logf("dragged to %g, the new state was on the screen after %.0f ms", value, d.Took)
			}
			shoot(t, ctx, n.name+" dragged")
		} else {
			steps(t, ctx, "scrolling to its end", chromedp.Evaluate[chromedp.Void](`document.querySelector(".jp-CodeCell .jp-OutputArea-output svg, .jp-CodeCell .jp-OutputArea-output img").scrollIntoView()`), chromedp.Sleep(time.Second))
			shoot(t, ctx, n.name+" end")
		}
		// A save avoids the browser's question on leaving the page.
		steps(t, ctx, "saving it", click(`[data-command="docmanager:save"]`), until(`document.querySelector(".jp-mod-dirty") === null`))
		if saved, err := Open(filepath.Join(l.dir, n.name+".ipynb")); err != nil {
			t.Error(err)
		} else if faults := saved.Faults(); len(faults) > 0 || drawings(saved) == 0 {
			t.Errorf("saved are %d drawings, and the faults %v", drawings(saved), faults)
		}
	}
}
