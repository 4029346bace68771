package jupyter

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/essnas/essnas/lib/run"
)

// parts lists what a drag changes, and whether the window shows all of it.
const parts = `(() => {
	const root = document.querySelector(".essnas-explore"), panel = root.closest(".jp-WindowedPanel-outer").getBoundingClientRect();
	const low = Math.min(innerHeight, panel.bottom), outside = [];
	const all = [...root.querySelectorAll(".essnas-slider, .essnas-head, .essnas-cell, .essnas-cells tr, .essnas-charts svg")];
	for (const e of all) {
		const r = e.getBoundingClientRect();
		if (r.width === 0 || r.top < panel.top || r.bottom > low || r.left < panel.left || r.right > Math.min(innerWidth, panel.right)) outside.push((e.getAttribute("class") || e.tagName) + " " + e.textContent.slice(0, 30));
	}
	return { count: all.length, outside: outside, low: root.querySelector(".essnas-view").getBoundingClientRect().bottom - panel.top, room: low - panel.top };
})()`

// focused reads the state of the slider that has the focus.
const focused = `(() => {
	const e = document.activeElement;
	return { setting: e.dataset.setting || "", value: e.value || "", text: e.getAttribute("aria-valuetext") || "", name: e.labels ? e.labels[0].textContent : "", cell: document.querySelector(".jp-Cell.jp-mod-active").id || [...document.querySelectorAll(".jp-Cell")].indexOf(document.querySelector(".jp-Cell.jp-mod-active")).toString(), live: document.querySelector(".essnas-head").getAttribute("aria-live") };
})()`

type slid struct{ Setting, Value, Text, Name, Cell, Live string }

// evaluated is the value of a JavaScript expression.
func evaluated[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		shoot(t, ctx, "failed")
		t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// explorer is a notebook whose first cell shows states, with a second cell below.
func explorer(t *testing.T) map[string]string {
	t.Helper()
	all := searched(t, 0, 0.5, 1, 0, 0.5, 1)
	for i := range all {
		test := 0.5 + 0.02*float64(i)
		all[i].Settings["seed"], all[i].Chance, all[i].Test = float64(1+i/3), 0.1, &test
	}
	states, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"states.json": string(states), "explore.ipynb": notebook(t, `import nb "github.com/essnas/essnas/lib/notebook"`+"\n%%\n"+
		`nb.Explore(nb.LoadStates("states.json"), nb.Preset("demo"), nb.Set("images", 64), nb.Set("batch", 8), nb.Set("epochs", 1), nb.Steps("ss_factor", 0.05), nb.Keep("states-found.json"), nb.Band("random cells", 50, 53))`,
		"%%\nfmt.Println(2)")}
}

func TestTheSliderIsAnInstrument(t *testing.T) {
	ctx := browser(t)
	l := startLab(t, "/", explorer(t))
	page := l.url + "lab/tree/explore.ipynb?reset&token=" + token
	there := until(`document.querySelector(".essnas-explore input[data-setting=ss_factor]") !== null`)
	top := chromedp.Evaluate[chromedp.Void](`document.querySelector(".essnas-explore").scrollIntoView({ block: "start" })`)
	steps(t, ctx, "opening", chromedp.EmulateViewport(1366, 768), chromedp.Navigate(page), until(`document.querySelector(".jp-Notebook .jp-CodeCell .cm-content") !== null && document.querySelector('.jp-Notebook-ExecutionIndicator[data-status="idle"]') !== null`))
	steps(t, ctx, "running", runFirst(), there, top)

	type seen struct {
		Count     int
		Outside   []string
		Low, Room float64
	}
	view := func(law string) {
		t.Helper()
		s := evaluated[seen](t, ctx, parts)
		if s.Count < 15 || len(s.Outside) > 0 {
			t.Errorf("%s: of %d parts that a drag changes %d are outside of the window of 1366x768: %q", law, s.Count, len(s.Outside), s.Outside)
		}
		t.Logf("%s: %.0f pixels high, in %.0f", law, s.Low, s.Room)
		shoot(t, ctx, "slider "+law)
	}
	view("one search")

	// The keyboard moves the slider, and leaves the notebook's cells alone.
	steps(t, ctx, "focussing", chromedp.Evaluate[chromedp.Void](`document.querySelector("input[data-setting=ss_factor]").focus()`))
	before := evaluated[slid](t, ctx, focused)
	steps(t, ctx, "pressing arrows", chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowRight))
	after := evaluated[slid](t, ctx, focused)
	if before.Value != "0" || after.Value != "0.1" || after.Setting != "ss_factor" || after.Cell != before.Cell {
		t.Errorf("arrow keys moved the slider from %q to %q (want 0 to 0.1), and the focus from cell %s to %s", before.Value, after.Value, before.Cell, after.Cell)
	}
	if after.Name != "ss_factor" || after.Live != "polite" || before.Text != "0, searched" || !strings.HasPrefix(after.Text, "0.1, not searched") {
		t.Errorf("a screen reader hears the name %q, then %q and %q", after.Name, before.Text, after.Text)
	}
	if nameless := evaluated[int](t, ctx, `[...document.querySelectorAll(".essnas-explore [role=img], .essnas-explore button, .essnas-explore input")].filter((e) => !(e.getAttribute("aria-label") || e.textContent || (e.labels && e.labels.length))).length`); nameless > 0 {
		t.Errorf("%d figures and controls have no name", nameless)
	}
	labels := evaluated[[]string](t, ctx, `[...document.querySelectorAll(".essnas-explore [role=img]")].map((e) => e.getAttribute("aria-label"))`)
	for _, want := range []string{"Normal cell. state 0:", "Reduction cell. state 0:", "Normal cell, softmax of alpha", "test accuracy of the trained network (%) by ss_factor"} {
		if !strings.Contains(strings.Join(labels, "\n"), want) {
			t.Errorf("no figure is called %q: %q", want, labels)
		}
	}

	// Searched values are marked on the track.
	if marks := evaluated[int](t, ctx, `document.querySelector("input[data-setting=ss_factor]").parentElement.querySelectorAll(".essnas-searched").length`); marks != 3 {
		t.Errorf("%d values are marked as searched, want 3", marks)
	}

	// One search is pinned, the other dragged, and what differs is marked.
	steps(t, ctx, "pinning", click(".essnas-pin"))
	d, err := chromedp.Run(ctx, chromedp.Evaluate[dragged](fmt.Sprintf(drag, 1.0), chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	marked := evaluated[int](t, ctx, `document.querySelectorAll(".essnas-cells mark").length`)
	if !strings.Contains(d.Head, "choices differ from the pinned one") || marked == 0 {
		t.Errorf("compared with a pinned search the page says %q and marks %d choices", d.Head, marked)
	}
	view("two searches")
	steps(t, ctx, "unpinning", click(".essnas-pin"))

	// A search of the button is there after the page is loaded again and after a restart.
	steps(t, ctx, "saving", click(`[data-command="docmanager:save"]`), until(`document.querySelector(".jp-mod-dirty") === null`))
	const mine = "seed = 1, ss_factor = 0.7"
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[dragged](fmt.Sprintf(drag, 0.7), chromedp.EvalAwaitPromise)); err != nil {
		t.Fatal(err)
	}
	steps(t, ctx, "searching", click(`.essnas-buttons button`), until(`document.querySelector(".essnas-explore").dataset.shown === "`+mine+`"`))
	text, err := os.ReadFile(filepath.Join(l.dir, "states-found.json"))
	var kept []run.State
	if err != nil || json.Unmarshal(text, &kept) != nil || len(kept) != 1 || kept[0].Settings["ss_factor"] != 0.7 {
		t.Errorf("%d searches are kept (%v)", len(kept), err)
	}
	again := func(law string) {
		t.Helper()
		steps(t, ctx, law, until(fmt.Sprintf(`(() => { const e = document.querySelector("input[data-setting=ss_factor]"); e.value = 0.7; e.dispatchEvent(new Event("input", { bubbles: true })); return document.querySelector(".essnas-explore").dataset.shown === %q; })()`, mine)))
	}
	steps(t, ctx, "loading again", chromedp.Navigate(page), there)
	again("after the page is loaded again")
	steps(t, ctx, "restarting", click(`[data-command="notebook:restart-run-all"]`), click(".jp-Dialog .jp-mod-accept"), until(`[...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")].map((e) => e.textContent.trim()).join() === "[1]:,[2]:"`), there)
	again("after a restart")
}
