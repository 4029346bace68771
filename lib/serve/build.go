package serve

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"

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
	command := exec.CommandContext(ctx, program, "build", "-o", p.program(), "./lib/cmd/essnas")
	command.Dir = c.Root
	if out, err := command.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("essnas can't be built from %s: %w\n%s", c.Root, err, bytes.TrimSpace(out))
	}
	return whole.WriteBytes(p.sources(), []byte(sources))
}
