package jupyter

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/figure/cellgraph"
	"github.com/essnas/essnas/lib/run"
)

// browser opens Chromium. Only the absence of Chromium skips the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("there is no Chromium: install it (on Debian: apt-get install chromium)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1250, 1900),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("ignore-certificate-errors", true), chromedp.Flag("disable-background-networking", true),
		// elements say their accessible names (computedName)
		chromedp.Flag("enable-blink-features", "ComputedAccessibilityInfo"), chromedp.WSURLReadTimeout(patience))
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*patience)
	t.Cleanup(cancel)
	return ctx
}

// searched returns states of searches with these ss_factors.
func searched(t *testing.T, factors ...float64) (states []run.State) {
	t.Helper()
	for i, factor := range factors {
		name := cell.PublishedNames()[i%len(cell.PublishedNames())]
		g, _ := cell.Published(name)
		at := func(x float64) *float64 { return &x }
		s := run.State{
			Settings: map[string]any{"ss_factor": factor, "k": 4.0, "method": "pc-darts"}, Data: "pictures", Epochs: []int{1, 2, 3}, Operations: cell.Primitives, Edges: figure.EdgeNames(cell.Edges), Genotype: g.Python(),
			Metrics: map[string][]*float64{
				"train_accuracy": {at(0.1), at(0.2 + factor/10), at(0.3 + factor/5)}, "arch_accuracy": {nil, at(0.2), at(0.3 - factor/10)},
				"train_loss": {at(2.3), at(2.1), at(1.9)}, "arch_loss": {nil, at(2.2), at(2.1)},
			},
		}
		for c := range s.Alphas {
			for e := range cell.Edges {
				row := make([]float64, len(s.Operations))
				for o := range row {
					row[o] = 0.1 + 0.05*float64((e+o+i+c)%3)
				}
				s.Alphas[c] = append(s.Alphas[c], row)
			}
			draw := []func(string, cell.Genotype) (figure.Figure, error){cellgraph.Normal, cellgraph.Reduction}[c]
			f, err := draw(name, g)
			if err != nil {
				t.Fatal(err)
			}
			var svg bytes.Buffer
			if err := f.SVG(&svg); err != nil {
				t.Fatal(err)
			}
			s.Cells[c] = svg.String()
		}
		states = append(states, s)
	}
	return states
}

// notebook returns the text of a notebook with these code cells.
func notebook(t *testing.T, cells ...string) string {
	t.Helper()
	type object = map[string]any
	var list []object
	for i, c := range cells {
		list = append(list, object{"cell_type": "code", "id": fmt.Sprint("cell", i), "metadata": object{}, "source": c, "outputs": []int{}, "execution_count": nil})
	}
	text, err := json.Marshal(object{
		"cells": list, "nbformat": 4, "nbformat_minor": 5,
		"metadata": object{"kernelspec": object{"name": "essnas", "display_name": "Go (essnas)", "language": "go"}, "language_info": object{"name": "go"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// shoot saves a screenshot in the directory $ESSNAS_SCREENSHOTS for inspection.
func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("ESSNAS_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// drag moves a slider as a hand does and returns the time until the page shows the new state.
const drag = `(async () => {
	const root = document.querySelector(".essnas-explore"), slider = root.querySelector("input[data-setting=ss_factor]");
	const before = root.innerHTML, start = performance.now();
	slider.value = %g;
	slider.dispatchEvent(new Event("input", { bubbles: true }));
	await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
	return { took: performance.now() - start, changed: root.innerHTML !== before, shown: root.dataset.shown, head: root.querySelector(".essnas-head").textContent };
})()`

// progress reads the progress of the button's search from the page.
const progress = `document.querySelector(".essnas-progress").textContent`

type dragged struct {
	Took        float64
	Changed     bool
	Shown, Head string
}

// steps performs actions like a user. If one fails, it saves a screenshot.
func steps(t *testing.T, ctx context.Context, what string, all ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, all...); err != nil {
		shoot(t, ctx, "failed")
		if text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`(document.querySelector(".essnas-progress") || document.body).innerText.slice(-2000)`)); err == nil {
			t.Logf("the page says:\n%s", text)
		}
		t.Fatalf("%s: %v", what, err)
	}
}

func do(t *testing.T, ctx context.Context, what string, f func(context.Context, *chromedp.Target) error) {
	t.Helper()
	steps(t, ctx, what, chromedp.Func(f))
}

func click(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.CSS(selector))
}

// until waits until a JavaScript expression is true.
func until(expression string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(patience)))
		return err
	})
}

// runFirst runs the first cell of the notebook on the page. A busy page may lose a key.
func runFirst() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		for {
			err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(".jp-Notebook .jp-CodeCell .cm-content")), chromedp.KeyEvent("\r", chromedp.KeyModifiers(chromedp.ModifierShift)))
			if err != nil {
				return err
			}
			if _, err := chromedp.Run(ctx, chromedp.Poll[bool](`document.querySelector(".jp-CodeCell .jp-InputPrompt").textContent.trim() !== "[ ]:"`, chromedp.WithPollingTimeout(5*time.Second))); err == nil || ctx.Err() != nil {
				return ctx.Err()
			}
		}
	})
}

func TestSliderInTheBrowser(t *testing.T) {
	const search, stop = `.essnas-buttons button`, `.essnas-buttons button:nth-child(2)`
	stopping := click(stop)
	restarting := chromedp.Steps(click(`[data-command="notebook:restart-kernel"], [data-command="kernelmenu:restart"]`), click(".jp-Dialog .jp-mod-accept"))
	for _, place := range []struct {
		law, scheme, base, page string
		epochs                  int // of the button's search, which must not end before its interrupt
		// in the middle of the button's search
		interrupt chromedp.Action[chromedp.Void]
		words     string // appear on the page afterwards; a regular expression
		goesOn    bool   // the button is pressed again, which takes no other way at another address
	}{
		{"JupyterLab at /", "http", "/", "lab/tree/explore.ipynb?reset&token=", 12, stopping, "^Stopped, and saved: the same button goes on.$", true},
		{"JupyterLab behind a hub", "http", "/hub/user/x/", "lab/tree/explore.ipynb?reset&token=", 12, stopping, "^Stopped, and saved: the same button goes on.$", false},
		// A restart interrupts what runs, and kills it soon after: whether it still answers is chance.
		{"Notebook 7 over https", "https", "/", "notebooks/explore.ipynb?token=", 12, restarting, "^(The kernel was restarted|Stopped, and saved): the same button goes on.$", true},
	} {
		t.Run(place.law, func(t *testing.T) {
			ctx := browser(t)
			states, err := json.Marshal(searched(t, 0, 0.5, 1))
			if err != nil {
				t.Fatal(err)
			}
			l := startLabAt(t, place.scheme, place.base, map[string]string{"states.json": string(states), "explore.ipynb": notebook(t,
				`import nb "github.com/essnas/essnas/lib/notebook"`+"\n%%\n"+
					fmt.Sprintf(`nb.Explore(nb.LoadStates("states.json"), nb.Preset("demo"), nb.Set("images", 64), nb.Set("batch", 8), nb.Set("epochs", %d), nb.Steps("ss_factor", 0.05))`, place.epochs))})
			var mu sync.Mutex
			var outside []string // requests of the page to other hosts
			do(t, ctx, "listening", func(ctx context.Context, _ *chromedp.Target) error {
				return chromedp.Listen(ctx, func(event any) {
					if e, ok := event.(*network.EventRequestWillBeSent); ok && strings.HasPrefix(e.Request.URL, "http") && !strings.HasPrefix(e.Request.URL, l.url) {
						mu.Lock()
						defer mu.Unlock()
						outside = append(outside, e.Request.URL)
					}
				})
			})
			open := chromedp.Steps(chromedp.Navigate(l.url+place.page+token), chromedp.WaitVisible(chromedp.CSS(".jp-Notebook .jp-CodeCell .cm-content")), chromedp.Sleep(2*time.Second))
			steps(t, ctx, "opening", open)
			start := time.Now()
			steps(t, ctx, "running", runFirst(), until(`document.querySelector(".essnas-explore input[data-setting=ss_factor]") !== null`))
			t.Logf("the cell's widget is there after %v", time.Since(start))
			var slowest float64
			for _, want := range []struct {
				value       float64
				shown, head string
			}{{1, "ss_factor = 1", "The search with ss_factor = 1"}, {0.05, "ss_factor = 0", "Not searched yet"}, {0.5, "ss_factor = 0.5", "The search with"}, {0.7, "ss_factor = 0.5", "Not searched yet"}} {
				d, err := chromedp.Run(ctx, chromedp.Evaluate[dragged](fmt.Sprintf(drag, want.value), chromedp.EvalAwaitPromise))
				if err != nil {
					t.Fatal(err)
				}
				if d.Shown != want.shown || !strings.Contains(d.Head, want.head) || !d.Changed {
					t.Errorf("at %g the page shows %q (%q, changed: %v), want %q and %q", want.value, d.Shown, d.Head, d.Changed, want.shown, want.head)
				}
				slowest = max(slowest, d.Took)
			}
			t.Logf("the slowest of the drags was on the screen after %.0f ms", slowest)
			name := strings.ReplaceAll(place.law, "/", "root")
			shoot(t, ctx, name)
			// The button's search runs in the notebook's kernel. An interrupt stops it halfway; the
			// next press continues and completes it.
			steps(t, ctx, "searching", click(search), until(progress+`.match(/epoch ([2-9]|[1-4][0-9])\/[0-9]+, step/) !== null`))
			shoot(t, ctx, name+" searching")
			steps(t, ctx, "interrupting", place.interrupt, until(progress+`.match(/`+place.words+`/) !== null`))
			shoot(t, ctx, name+" interrupted")
			if !place.goesOn {
				return
			}
			steps(t, ctx, "going on", click(search), until(`document.querySelector(".essnas-explore").dataset.shown === "ss_factor = 0.7"`))
			shoot(t, ctx, name+" searched")
			told, err := chromedp.Run(ctx, chromedp.Evaluate[string](progress))
			if err != nil {
				t.Fatal(err)
			}
			if m := goingOn.FindStringSubmatch(told); m == nil || m[1] == "1" {
				t.Errorf("interrupted in the second epoch, the search did not go on there:\n%s", told)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, url := range outside {
				if !strings.Contains(url, "127.0.0.1") && !strings.Contains(url, "localhost") {
					t.Errorf("the page has loaded %s", url)
				}
			}
		})
	}
}
