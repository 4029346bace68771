package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/essnas/essnas/lib/internal/checkout"
	"github.com/essnas/essnas/lib/jupyter"
)

// buildGopls builds the language server in a background process. The process has the lowest
// priority, so that cells run as fast as without it. It ends at the latest when Jupyter closes its
// standard input.
func buildGopls(detached bool) {
	tree, err := checkout.Find()
	if err != nil {
		fail(err)
	}
	if !detached {
		self, err := os.Executable()
		if err != nil {
			fail(err)
		}
		command := exec.Command(self, "gopls", "detached")
		command.Env = append(os.Environ(), "ESSNAS_ROOT="+tree.Root)
		command.Stdin = os.Stdin
		command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := command.Start(); err != nil {
			fail(err)
		}
		return
	}
	// child processes inherit it
	syscall.Setpriority(syscall.PRIO_PROCESS, 0, 19)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	if err := jupyter.Gopls(ctx, tree, func(string) {}); err != nil {
		fail(err)
	}
}

// gopls replaces this process by the language server, which GoNB starts for each kernel. The limits
// save a quarter of its memory and cost no noticeable time.
func gopls(args []string) {
	dieWithParent(syscall.SIGKILL)
	for name, value := range map[string]string{"GOGC": "50", "GOMEMLIMIT": "400MiB"} {
		os.Setenv(name, value)
	}
	program := filepath.Join(os.Getenv("ESSNAS_TOOLS"), "gopls")
	fail(fmt.Errorf("%s does not start: %w", program, syscall.Exec(program, append([]string{"gopls"}, args...), os.Environ())))
}
