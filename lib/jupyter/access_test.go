package jupyter

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/essnas/essnas/lib/internal/cachedir"
)

// axe is the program of axe-core, which finds obstacles for readers with disabilities. Only its
// absence skips the test.
func axe(t *testing.T) string {
	t.Helper()
	cache, err := cachedir.Path()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "testdata", "axe-core-4")
	file := filepath.Join(dir, "node_modules", "axe-core", "axe.min.js")
	if _, err := os.Stat(file); err != nil {
		if out, err := exec.CommandContext(t.Context(), "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", dir, "axe-core@4").CombinedOutput(); err != nil {
			t.Skipf("axe-core can't be installed here (%v): %s", err, lastLine(string(out), err))
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// obstacles are the serious and critical violations in what essnas draws.
const obstacles = `axe.run({ include: [".essnas-explore", ".essnas-quiz", ".essnas-widget", ".jp-RenderedSVG", ".jp-RenderedImage"].filter((s) => document.querySelector(s)).map((s) => [s]) })
	.then((r) => r.violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")))`

func TestPagesHaveNoSeriousObstacleAndTheirQuizzesAnswerToTheKeyboard(t *testing.T) {
	environment(t)
	program, ctx, dir := axe(t), browser(t), t.TempDir()
	for _, name := range []string{"00-start", "13-ablation", "02-cell", "05-barlow"} {
		page := filepath.Join(dir, name+".html")
		if err := Page(t.Context(), sources(t), filepath.Join(sources(t).Root, "notebooks", name+".ipynb"), page, func(text string) { t.Log(text) }); err != nil {
			t.Fatal(err)
		}
		steps(t, ctx, "opening "+name, chromedp.EmulateViewport(1366, 768), chromedp.Navigate("file://"+page), until(`document.querySelector(".essnas-quiz summary") !== null`))
		// A wrong answer and the right one, without a mouse.
		steps(t, ctx, "answering", chromedp.Evaluate[chromedp.Void](`document.querySelector(".essnas-quiz summary").focus()`), chromedp.KeyEvent(kb.Enter), until(`document.querySelector(".essnas-quiz details").open`),
			chromedp.KeyEvent("\t"), chromedp.KeyEvent(" "), until(`document.querySelectorAll(".essnas-quiz details")[1].open`))
		answers := evaluated[[]string](t, ctx, `[...document.querySelectorAll(".essnas-quiz details[open] p")].map((p) => p.textContent)`)
		if len(answers) != 2 || len(answers[0]) < 20 || len(answers[1]) < 20 {
			t.Errorf("%s: two chosen answers explain themselves by %q", name, answers)
		}
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](program)); err != nil {
			t.Fatal(err)
		}
		found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](obstacles, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			t.Errorf("%s: %s", name, f)
		}
		steps(t, ctx, "scrolling", chromedp.Evaluate[chromedp.Void](`(document.querySelector(".essnas-widget") || document.querySelector(".essnas-quiz")).scrollIntoView()`))
		shoot(t, ctx, "page "+name)
	}
}
