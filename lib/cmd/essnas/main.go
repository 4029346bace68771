// Command essnas searches network cells, trains and tests the networks built from them, and shows
// the results. See essnas --help.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/bundle"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/stage"
)

func main() {
	backend.Retune()
	bundle.Use()
	os.Exit(execute())
}

// Exit statuses.
const (
	failed      = 1
	interrupted = 130 // the convention of shells
)

// execute runs the program. A panic ends it with a sentence instead of a stack trace.
func execute() (status int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	// SIGHUP: the terminal is closed, and the program does not run under nohup.
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		<-signals
		fmt.Fprintln(os.Stderr, "\nessnas: stopping after the current step; a second signal ends the program at once")
		signal.Stop(signals)
		cancel()
	}()
	defer func() {
		if r := recover(); r != nil {
			status = complain(fmt.Errorf("internal error: %v", r))
		}
	}()
	p := new(program)
	if err := cmp.Or(p.root().ExecuteContext(ctx), p.unknown); err != nil {
		return complain(run.Readvise(err, p.pipeline().Next))
	}
	return 0
}

// complain prints an error as one line.
func complain(err error) (status int) {
	fmt.Fprintln(os.Stderr, "essnas:", oneLine(err))
	if errors.Is(err, context.Canceled) {
		return interrupted
	}
	return failed
}

// oneLine returns the first line of an error; libraries append stack traces.
func oneLine(err error) string {
	if errors.Is(err, context.Canceled) && !errors.As(err, new(stage.Interrupted)) {
		return "stopped"
	}
	line, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	if at := noMemory.FindStringIndex(line); at != nil { // XLA's message ends with it
		return fmt.Sprintf("there is not enough memory (%s): take a smaller batch, fewer channels or cells, or end other programs", strings.TrimRight(line[at[0]:], "."))
	}
	return line
}

// noMemory is XLA's message for an array that does not fit into the device's memory.
var noMemory = regexp.MustCompile(`Out of memory|RESOURCE_EXHAUSTED`)
