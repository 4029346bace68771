package jupyter

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/internal/checkout"
)

// Execute runs a notebook from top to bottom and writes it with its outputs to the file out, which
// may be the same file. Failing cells do not stop it; each cell may take up to limit. Cells run in
// the notebook's directory.
//
// Execute returns an error if the notebook can't be read, if Jupyter fails to execute it, or if ctx
// ends. Errors of cells are in the returned notebook: see [Notebook.Faults].
func Execute(ctx context.Context, c checkout.Tree, path, out string, limit time.Duration, say func(string)) (*Notebook, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the notebook can't be read: %w", err)
	}
	if out, err = filepath.Abs(out); err != nil {
		return nil, err
	}
	// Jupyter writes beside the result: a failure leaves both notebooks unchanged, and the directory
	// of a notebook that is only read may be read-only. Writing there first finds out before the cells
	// run.
	work := filepath.Join(filepath.Dir(out), "."+strings.TrimSuffix(filepath.Base(out), ".ipynb")+fmt.Sprintf("-%d.ipynb", os.Getpid()))
	if err := atomicfile.WriteBytes(work, text); err != nil {
		return nil, err
	}
	defer os.Remove(work)
	pattern := strings.NewReplacer("{", "{{", "}", "}}").Replace(work) // of Python's str.format
	command, err := Command(ctx, c, say, "jupyter", "execute", "--output="+pattern, "--allow-errors", fmt.Sprintf("--timeout=%d", int(limit.Seconds())), "--kernel_name=essnas", path)
	if err != nil {
		return nil, err
	}
	// Jupyter can end its kernel after an interrupt, but not after a kill.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	said, err := command.CombinedOutput()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%s could not be executed (%s)", filepath.Base(path), lastLine(string(said), err))
	}
	n, err := Open(work)
	if err != nil {
		return nil, err
	}
	n.path = out
	return n, n.tidy()
}
