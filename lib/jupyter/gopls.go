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

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/internal/checkout"
	"github.com/gofrs/flock"
)

// Gopls builds the language server unless it is up to date. The kernel needs it to complete and
// explain names. Its module, kernels/gopls, is separate because it needs older packages than
// essnas. The build takes half a minute on two cores and 400 MB of Go's build cache. Kernels that
// start before its end work without completion.
//
// Gopls returns an error if the build fails or ctx ends.
func Gopls(ctx context.Context, c checkout.Tree, say func(string)) error {
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
	for _, old := range []string{stamp, unfinished} { // an interrupted build must not look finished
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
	// A go command that is killed alone leaves its compilers and temporary files behind.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	if err := build(ctx, command); err != nil {
		return fmt.Errorf("the completion of names in cells does not work: %w", err)
	}
	if err := os.Rename(unfinished, program); err != nil {
		return err
	}
	return atomicfile.WriteBytes(stamp, []byte(version))
}
