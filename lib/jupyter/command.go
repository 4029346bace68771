package jupyter

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/essnas/essnas/lib/internal/home"
)

// Command is a program of the environment (jupyter, python) with the kernel of the checkout in its reach; both are made if need be.
func Command(ctx context.Context, c home.Checkout, say func(string), name string, args ...string) (*exec.Cmd, error) {
	tools, err := Tools(ctx, c, say)
	if err != nil {
		return nil, err
	}
	dir, err := Environment(ctx, say)
	if err != nil {
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
