package serve

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/essnas/essnas/lib/internal/home"
)

// Build builds the program essnas of a checkout, which is the server's, unless it is up to date. It returns the program's path.
func Build(ctx context.Context, c home.Checkout, say func(string)) error {
	p, err := placeOf(c)
	if err != nil {
		return err
	}
	if _, err := os.Stat(p.program()); err != nil {
		say("Building essnas. The first time this takes a minute or two.")
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
	return nil
}
