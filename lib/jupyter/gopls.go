package jupyter

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/essnas/essnas/lib/internal/home"
	"github.com/essnas/essnas/lib/internal/whole"
	"github.com/gofrs/flock"
)

// Gopls builds the language server, by which the kernel completes names and explains them, unless it is up to date. Its module is one of its own, kernels/gopls, since it
// wants older packages than the rest. It takes half a minute on two cores and 400 MB of Go's build cache; nothing else needs it, and kernels that are started before it is
// there do without.
func Gopls(ctx context.Context, c home.Checkout, say func(string)) error {
	dir, err := c.Dir()
	if err != nil {
		return err
	}
	dir = filepath.Join(dir, "kernel")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(dir, "gopls.lock"))
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return err
	}
	defer lock.Close()
	module := filepath.Join(c.Root, "kernels", "gopls")
	text, err := os.ReadFile(filepath.Join(module, "go.mod"))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	version, stamp, program := hex.EncodeToString(sum[:8]), filepath.Join(dir, "gopls.version"), filepath.Join(dir, "gopls")
	if there, err := os.ReadFile(stamp); err == nil && string(there) == version {
		if _, err := os.Stat(program); err == nil {
			return nil
		}
	}
	say("Building gopls, which completes names in cells. This takes half a minute, once.")
	unfinished := program + ".new"
	for _, old := range []string{stamp, unfinished} { // so that an end halfway leaves nothing that is taken for the new one
		if err := os.RemoveAll(old); err != nil {
			return err
		}
	}
	temporary, err := os.MkdirTemp("", "essnas-gopls-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	command := exec.CommandContext(ctx, "go", "build", "-ldflags=-s", "-o", unfinished, "golang.org/x/tools/gopls")
	command.Dir = module
	command.Env = append(os.Environ(), "GOTMPDIR="+temporary)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a killed go command leaves its compilers running, and its temporary files
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	if err := build(ctx, command); err != nil {
		return fmt.Errorf("there is no completion of names in cells: %w", err)
	}
	if err := os.Rename(unfinished, program); err != nil {
		return err
	}
	return whole.WriteBytes(stamp, []byte(version))
}
