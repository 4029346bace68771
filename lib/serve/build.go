package serve

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/internal/checkout"
)

// Build builds the program essnas of a checkout, which is also the server, unless it is up to date.
// It returns an error if the build fails or ctx ends.
func Build(ctx context.Context, c checkout.Tree, say func(string)) error {
	p, err := placeOf(c)
	if err != nil {
		return err
	}
	sources, err := c.Sources()
	if err != nil {
		return err
	}
	if _, err := os.Stat(p.program()); err != nil {
		say("Building essnas. The first time this takes a minute or two.")
	} else if built, err := os.ReadFile(p.sources()); err == nil && string(built) != sources {
		say("The sources of essnas have changed: building it again.")
	}
	program := os.Getenv("ESSNAS_GO") // in a notebook the name go refers to a wrapper
	if program == "" {
		program = "go"
	}
	build := func(flags ...string) ([]byte, error) {
		command := exec.CommandContext(ctx, program, slices.Concat([]string{"build", "-o", p.program()}, flags, []string{"./lib/cmd/essnas"})...)
		command.Dir = c.Root
		return command.CombinedOutput()
	}
	out, err := build()
	// git does not read a checkout of another user. Runs then record no commit.
	if err != nil && bytes.Contains(out, []byte("-buildvcs=false")) {
		out, err = build("-buildvcs=false")
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("essnas can't be built from %s: %w\n%s", c.Root, err, bytes.TrimSpace(out))
	}
	return atomicfile.WriteBytes(p.sources(), []byte(sources))
}
