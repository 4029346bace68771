package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/essnas/essnas/lib/internal/checkout"
	"github.com/essnas/essnas/lib/jupyter"
	"github.com/essnas/essnas/lib/serve"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

func (p *program) jupyterLab() *cobra.Command {
	var noBrowser, asRoot bool
	var ip string
	var port int
	c := &cobra.Command{
		Use:   "lab [-- OPTION...]",
		Short: "Open the notebooks in JupyterLab",
		Long: `Open the notebooks in JupyterLab, with the kernel "Go (essnas)" bound to this checkout. On its first use the command installs JupyterLab into a virtual
environment in the cache directory. It changes nothing else on the machine. Options after -- go to jupyter lab.`,
		Example: `  essnas lab
  essnas lab --no-browser --port 8890
  essnas lab -- --ServerApp.base_url=/me/`,
		RunE: func(c *cobra.Command, options []string) error {
			if os.Geteuid() == 0 && !asRoot {
				return errors.New("you are root, so every notebook could change this machine: start JupyterLab as another user, or add --allow-root where that is safe, as in a container")
			}
			tree, err := checkout.Find()
			if err != nil {
				return err
			}
			say := func(text string) { fmt.Fprintln(os.Stderr, text) }
			args := []string{"lab", "--ServerApp.root_dir=" + tree.Root, "--LabApp.default_url=/lab/tree/notebooks", "--ServerApp.ip=" + ip, fmt.Sprintf("--ServerApp.port=%d", port)}
			if noBrowser {
				args = append(args, "--no-browser")
			}
			if asRoot {
				args = append(args, "--allow-root")
			}
			return become(c.Context(), tree, say, append(args, options...))
		},
	}
	c.Flags().BoolVar(&noBrowser, "no-browser", false, "print the address instead of opening it")
	c.Flags().StringVar(&ip, "ip", "localhost", "`ADDRESS` to listen at")
	c.Flags().IntVar(&port, "port", 8888, "port to listen at; the next free one if it is taken")
	c.Flags().BoolVar(&asRoot, "allow-root", false, "start even as root")
	return c
}

// become replaces this process by Jupyter, so that signals to the process reach Jupyter. It returns
// an error if Jupyter can't be installed or started.
func become(ctx context.Context, tree checkout.Tree, say func(string), args []string) error {
	var command *exec.Cmd
	both, working := errgroup.WithContext(ctx)
	both.Go(func() (err error) { command, err = jupyter.Command(working, tree, say, "jupyter", args...); return })
	// The first cell would otherwise wait for the server's build.
	both.Go(func() error { return serve.Build(working, tree, say) })
	if err := both.Wait(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(tree.Root, "notebooks"), 0o755); err != nil {
		return err
	}
	tools, err := jupyter.Tools(ctx, tree, say)
	if err != nil {
		return err
	}
	open, err := complete(tools)
	if err != nil {
		say(fmt.Sprintf("Completion in cells will not work: %v.", err))
	}
	defer open.Close()
	return syscall.Exec(command.Path, command.Args, command.Env)
}

// complete begins to build the language server, which completes names in cells. This process and
// Jupyter, which replaces it, hold the returned file open; their children don't. The build ends,
// finished or not, when the file is closed. complete returns an error if the build does not start.
func complete(tools string) (open *os.File, err error) {
	end, open, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer end.Close()
	build := exec.Command(filepath.Join(tools, "essnas-kernel"), "gopls")
	build.Stdin = end
	if err := build.Run(); err != nil {
		return open, err
	}
	_, err = unix.FcntlInt(open.Fd(), unix.F_SETFD, 0)
	return open, err
}
