package serve

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"

	"github.com/essnas/essnas/lib/internal/home"
	"github.com/essnas/essnas/lib/internal/whole"
)

// Build builds the program essnas of a checkout, which is the server's, unless it is up to date.
func Build(ctx context.Context, c home.Checkout, say func(string)) error {
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
		say("The sources of essnas have changed: building it anew.")
	}
	program := os.Getenv("ESSNAS_GO") // in a notebook: go itself, not what goes by its name there
	if program == "" {
		program = "go"
	}
	build := func(flags ...string) ([]byte, error) {
		command := exec.CommandContext(ctx, program, slices.Concat([]string{"build", "-o", p.program()}, flags, []string{"./lib/cmd/essnas"})...)
		command.Dir = c.Root
		return command.CombinedOutput()
	}
	out, err := build()
	if err != nil && bytes.Contains(out, []byte("-buildvcs=false")) { // git tells nobody of a checkout that is another user's: runs don't note the commit then
		out, err = build("-buildvcs=false")
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("essnas can't be built from %s: %w\n%s", c.Root, err, bytes.TrimSpace(out))
	}
	return whole.WriteBytes(p.sources(), []byte(sources))
}
