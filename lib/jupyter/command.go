package jupyter

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/essnas/essnas/lib/internal/home"
	"golang.org/x/sync/errgroup"
)

// Command is a program of the environment (jupyter, python) with the kernel of the checkout in its reach; both are made if need be. say may be
// called by both at the same time.
func Command(ctx context.Context, c home.Checkout, say func(string), name string, args ...string) (*exec.Cmd, error) {
	var tools, dir string
	both, working := errgroup.WithContext(ctx) // one waits for the processor, the other for the network
	both.Go(func() (err error) { tools, err = Tools(working, c, say); return })
	both.Go(func() (err error) { dir, err = Environment(working, say); return })
	if err := both.Wait(); err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, filepath.Join(dir, "bin", name), args...)
	path := c.Root // which holds kernels/
	if before := os.Getenv("JUPYTER_PATH"); before != "" {
		path += string(os.PathListSeparator) + before
	}
	command.Env = append(os.Environ(),
		"JUPYTER_PATH="+path, "ESSNAS_ROOT="+c.Root, "ESSNAS_TOOLS="+tools,
		"PATH="+filepath.Join(dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	return command, nil
}
