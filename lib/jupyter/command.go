package jupyter

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/essnas/essnas/lib/internal/checkout"
	"golang.org/x/sync/errgroup"
)

// Command returns a command of the environment (jupyter, python) that finds the checkout's kernel.
// It makes environment and kernel on first use and reports progress to say, which must allow
// concurrent calls. Command returns an error if either can't be made or ctx ends.
func Command(ctx context.Context, c checkout.Tree, say func(string), name string, args ...string) (*exec.Cmd, error) {
	var tools, dir string
	// One of them waits for the processor, the other for the network.
	both, working := errgroup.WithContext(ctx)
	both.Go(func() (err error) { tools, err = Tools(working, c, say); return })
	both.Go(func() (err error) { dir, err = Environment(working, say); return })
	if err := both.Wait(); err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, filepath.Join(dir, "bin", name), args...)
	// The first directory contains kernels/, the second labextensions/.
	path := c.Root + string(os.PathListSeparator) + filepath.Join(c.Root, "kernels")
	if before := os.Getenv("JUPYTER_PATH"); before != "" {
		path += string(os.PathListSeparator) + before
	}
	command.Env = append(os.Environ(),
		"JUPYTER_PATH="+path, "ESSNAS_ROOT="+c.Root, "ESSNAS_TOOLS="+tools,
		"PATH="+filepath.Join(dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	return command, nil
}
