package jupyter

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// opened is a notebook in JupyterLab.
type opened struct {
	ID               string
	Prompts, Outputs []string // of the code cells
	Kernel           string   // "idle", "busy"
}

// notebookAt reads a notebook in JupyterLab, where others may be open beside it.
const notebookAt = `((path) => {
	const widget = [...(window.jupyterapp?.shell.widgets("main") || [])].find((w) => w.context && w.context.path === path);
	const cells = widget ? [...widget.node.querySelectorAll(".jp-CodeCell")] : [];
	const kernel = widget?.sessionContext?.session?.kernel;
	const outputOf = (cell) => cell.querySelector(".jp-Cell-outputWrapper").innerText + [...cell.querySelectorAll("img")].map((e) => " figure: " + e.alt).join();
	return {
		id: widget?.id || "",
		prompts: cells.map((e) => e.querySelector(".jp-InputPrompt").textContent.trim()),
		outputs: cells.map(outputOf),
		kernel: kernel?.status || "",
		connected: kernel?.connectionStatus === "connected" && widget.sessionContext.isReady,
	};
})(%q)`

// A student presses "Run All" in a notebook with three searches and, while the first one computes,
// in a second notebook, one of whose cells is wrong.
func TestRunAllInTheBrowser(t *testing.T) {
	ctx := browser(t)
	search := func(epochs, seed int) string {
		return fmt.Sprintf("import nb \"github.com/essnas/essnas/lib/notebook\"\n%%%%\n"+
			`nb.Search(nb.Preset("demo"), nb.Set("images", 64), nb.Set("batch", 8), nb.Set("epochs", %d), nb.Set("seed", %d))`, epochs, seed)
	}
	const runs = "%%\nfmt.Println(\"it runs\")"
	l := startLab(t, "/", map[string]string{
		// all but the first outlast the test
		"searches.ipynb": notebook(t, search(1, 1), search(500, 2), search(500, 3), search(500, 4)),
		"other.ipynb":    notebook(t, search(1, 1), "%%\nnb.Search(nb.Preset(\"slide\"))", runs, runs),
	})
	searches, other := fmt.Sprintf(notebookAt, "searches.ipynb"), fmt.Sprintf(notebookAt, "other.ipynb")
	read := func(notebook string) opened { t.Helper(); return evaluated[opened](t, ctx, notebook) }
	ready := func(notebook string) chromedp.Action[chromedp.Void] {
		return until(notebook + `.prompts.length === 4 && ` + notebook + `.connected`)
	}
	// The command's promise lasts until the cells have ended.
	runAll := chromedp.Evaluate[chromedp.Void](`jupyterapp.commands.execute("notebook:run-all-cells"), undefined`)

	steps(t, ctx, "opening", chromedp.EmulateViewport(1920, 1080), chromedp.Navigate(l.url+"lab/tree/searches.ipynb?reset&token="+token),
		ready(searches), runAll)
	steps(t, ctx, "searching", until(searches+`.outputs[1].includes("epoch 2/500")`))
	steps(t, ctx, "opening the second notebook", chromedp.Evaluate[chromedp.Void](`jupyterapp.commands.execute("docmanager:open", { path: "other.ipynb", options: { mode: "split-right" } }), undefined`),
		ready(other), runAll)
	// The server says that a cell waits for another one.
	steps(t, ctx, "running it", until(`((n) => n.outputs.join().includes("waiting for another cell") || n.prompts.every((p) => p !== "[*]:") && n.prompts[1] !== "[ ]:" && n.kernel === "idle")(`+other+`)`))
	second, first := read(other), read(searches)
	shoot(t, ctx, "run all, searching")

	if !strings.Contains(second.Outputs[0], "figure: ") || !strings.Contains(second.Outputs[1], `there is no preset "slide"`) || first.Prompts[1] != "[*]:" {
		t.Errorf("while the first notebook is at %q, the second shows a finished search as\n%s\nand a mistyped preset as\n%s", first.Prompts, second.Outputs[0], second.Outputs[1])
	}
	if want := []string{"[1]:", "[2]:", "[ ]:", "[ ]:"}; !slices.Equal(second.Prompts, want) || second.Outputs[2] != "" || second.Outputs[3] != "" {
		t.Errorf("behind a wrong cell the prompts are %q, want %q, and the outputs %q", second.Prompts, want, second.Outputs[2:])
	}

	steps(t, ctx, "interrupting once", click(fmt.Sprintf(`[id=%q] [data-command="notebook:interrupt-kernel"]`, first.ID)))
	// Either the kernel is idle or the next search has begun.
	steps(t, ctx, "ending", until(`((n) => n.outputs[1].includes("Interrupted") && n.prompts[1] !== "[*]:" && (n.kernel === "idle" || n.outputs[2] !== ""))(`+searches+`)`))
	first = read(searches)
	shoot(t, ctx, "run all, interrupted")
	if want := []string{"[1]:", "[2]:", "[ ]:", "[ ]:"}; !slices.Equal(first.Prompts, want) || first.Outputs[2] != "" || first.Outputs[3] != "" {
		t.Errorf("one interrupt leaves the prompts %q, want %q, and the outputs %q", first.Prompts, want, first.Outputs[2:])
	}
	if made, err := os.ReadDir(l.runs); err != nil || len(made) != 2 {
		t.Errorf("%d searches have begun, want the finished one and the interrupted one (%v)", len(made), err)
	}
}
