package jupyter

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/essnas/essnas/lib/serve"
	"golang.org/x/sync/errgroup"
)

// without runs a command in a network namespace of its own. Only the loopback exists there, which
// Jupyter needs to reach its kernels. On machines that forbid this the command runs unchanged.
func without(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	const up = `ip link set lo up && exec "$0" "$@"`
	if err := exec.Command("unshare", "--map-root-user", "--net", "sh", "-c", up, "true").Run(); err != nil {
		t.Logf("no network namespace can be made here (%v): the network stays", err)
		return exec.Command(program, args...)
	}
	return exec.Command("unshare", append([]string{"--map-root-user", "--net", "sh", "-c", up, program}, args...)...)
}

// result is the report of essnas kernel run --json on a notebook.
type result struct {
	Notebook string    `json:"notebook"`
	Seconds  float64   `json:"seconds"`
	Cells    []float64 `json:"cells"`
	Figures  int       `json:"figures"`
	Faults   []Fault   `json:"faults"`
}

// executeAll runs notebooks with essnas kernel run, without a network, in the shortest preset. Two
// run at a time: while one builds or draws, the other computes.
func executeAll(t *testing.T, files ...string) []result {
	t.Helper()
	environment(t)
	c := sources(t)
	say := func(text string) { t.Log(text) }
	if _, err := Tools(t.Context(), c, say); err != nil {
		t.Fatal(err)
	}
	if err := serve.Build(t.Context(), c, say); err != nil {
		t.Fatal(err)
	}
	if err := serve.Stop(t.Context(), c); err != nil { // that server would have a network
		t.Fatal(err)
	}
	dir, err := c.Dir()
	if err != nil {
		t.Fatal(err)
	}
	runs := t.TempDir()
	var queues [2][]string
	for i, file := range files {
		queues[i%2] = append(queues[i%2], file)
	}
	var results [2][]result
	var both errgroup.Group
	for i, queue := range queues {
		if len(queue) == 0 {
			continue
		}
		command := without(t, filepath.Join(dir, "bin", "essnas"), append([]string{"kernel", "run", "--json", "--out", t.TempDir()}, queue...)...)
		command.Dir = c.Root
		command.Env = append(os.Environ(), "ESSNAS_PRESET=demo", "ESSNAS_IMAGES=128", "ESSNAS_RUNS="+runs, "ESSNAS_DATA=", "ESSNAS_BACKEND=")
		command.Stderr = os.Stderr
		both.Go(func() error {
			out, failed := command.Output() // a faulty notebook is a failure, too
			if err := json.Unmarshal(out, &results[i]); err != nil {
				return fmt.Errorf("essnas kernel run has failed: %w (%v)", err, failed)
			}
			return nil
		})
	}
	if err := both.Wait(); err != nil {
		t.Fatal(err)
	}
	return append(results[0], results[1]...)
}

func TestNotebooksNeedNoNetwork(t *testing.T) {
	path := filepath.Join(t.TempDir(), "some.ipynb")
	text := notebook(t,
		"import nb \"github.com/essnas/essnas/lib/notebook\"\n%%\nfmt.Println(string(nb.Do(\"params\", \"--genotype\", \"DARTS_V2\")))",
		"import \"github.com/essnas/essnas/lib/figure\"\n%%\nnb.Show(figure.Curves(figure.Chart{Title: \"x\", Series: []figure.Series{{Y: []float64{1, 2}}}}), \"a rise\")",
		"!true",
		"!false",
		"%%\npanic(\"on purpose\")",
		"// fails on purpose\n%%\npanic(\"on purpose\")")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	all := executeAll(t, path)
	// A directory changes when a file is made in it.
	if after, err := os.Stat(filepath.Dir(path)); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("something was written beside the notebook, which may lie in a read-only checkout (%v)", err)
	}
	if len(all) != 1 || all[0].Figures != 1 {
		t.Fatalf("the notebook has come to %+v", all)
	}
	var cells []int
	for _, f := range all[0].Faults {
		if len(cells) == 0 || cells[len(cells)-1] != f.Cell {
			cells = append(cells, f.Cell)
		}
	}
	if len(cells) != 2 || cells[0] != 4 || cells[1] != 5 {
		t.Errorf("faults were found in cells %v, want 4 and 5: %v", cells, all[0].Faults)
	}
	t.Logf("seconds of the cells: %.2f", all[0].Cells)
}

func TestTheProjectsNotebooksRun(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sources(t).Root, "notebooks", "*.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("there are no notebooks yet")
	}
	for _, r := range executeAll(t, files...) {
		t.Logf("%s: %.0f s, %d figures; seconds of its cells: %.1f", filepath.Base(r.Notebook), r.Seconds, r.Figures, r.Cells)
		for _, f := range r.Faults {
			t.Errorf("%s: %v", filepath.Base(r.Notebook), f)
		}
		if r.Figures == 0 {
			t.Errorf("%s shows no figure", filepath.Base(r.Notebook))
		}
	}
}
