package jupyter

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/internal/checkout"
	"github.com/gofrs/flock"
)

// tools lists the packages of the programs that a kernel runs. go.mod holds their versions.
var tools = []string{"github.com/essnas/essnas/lib/cmd/essnas-kernel", "github.com/janpfeifer/gonb", "golang.org/x/tools/cmd/goimports"}

// Tools builds the kernel's programs from the checkout unless they are up to date, and returns
// their directory. Tools returns an error if the build fails or ctx ends.
func Tools(ctx context.Context, c checkout.Tree, say func(string)) (dir string, err error) {
	if dir, err = c.Dir(); err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "kernel")
	sources, err := c.Sources()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	if _, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		return "", err
	}
	defer lock.Close()
	stamp := filepath.Join(dir, "sources")
	there, err := os.ReadFile(stamp)
	if err == nil && string(there) == sources {
		return dir, nil
	}
	if err != nil {
		say("Building the Go kernel's programs. The first time this takes half a minute.")
	}
	command := exec.CommandContext(ctx, "go", append([]string{"build", "-ldflags=-s", "-buildvcs=false", "-o", dir + string(filepath.Separator)}, tools...)...)
	command.Dir = c.Root
	if err := build(ctx, command); err != nil {
		return "", err
	}
	return dir, atomicfile.WriteBytes(stamp, []byte(sources))
}

func build(ctx context.Context, command *exec.Cmd) error {
	out, err := command.CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("the kernel can't be built from %s: %w\n%s", command.Dir, err, bytes.TrimSpace(out))
	}
	return nil
}
