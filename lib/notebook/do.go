package notebook

import (
	"context"
	"encoding/json"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/essnas/essnas/lib/internal/checkout"
	"github.com/essnas/essnas/lib/serve"
)

// Do executes a command of essnas, such as Do("params", "--genotype", "DARTS_V2"), and returns the
// result that the command prints with --json. An error ends the cell. Paths among the arguments
// must be absolute: see [Path].
func Do(args ...string) json.RawMessage {
	return ask(args, newProgress(false))
}

// Path returns the absolute path for the server.
func Path(path string) string {
	absolute, err := filepath.Abs(path)
	Check(err)
	return absolute
}

// ask lets the server execute a command and shows its progress.
func ask(args []string, p *progress) json.RawMessage {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	tree, err := checkout.Find()
	Check(err)
	p.root = tree.Root + string(filepath.Separator)
	owner, none := strconv.Atoi(os.Getenv("ESSNAS_KERNEL"))
	if none != nil {
		owner = os.Getppid()
	}
	result, err := serve.Ask(ctx, tree, serve.Request{Args: append(slices.Clone(args), places(tree)...), Owner: owner}, p.wait, p.told)
	if err == nil {
		p.end()
		return result
	}
	if ctx.Err() != nil {
		p.say("interrupted")
		p.end()
		if args[0] == "replay" {
			end("Interrupted. Run the cell again to see the replay from its beginning.")
		}
		end("Interrupted, and the work is saved: run the cell again to continue.")
	}
	p.end()
	Check(err)
	return nil
}

// places returns the flags for the directories of data and runs and for the backend, so that the
// environment of the client decides and not that of the server.
func places(c checkout.Tree) (flags []string) {
	flags = append(flags, "--runs="+Path(runsIn(c)))
	if data := os.Getenv("ESSNAS_DATA"); data != "" {
		flags = append(flags, "--data="+Path(data))
	}
	if backend := os.Getenv("ESSNAS_BACKEND"); backend != "" {
		flags = append(flags, "--backend="+backend)
	}
	return flags
}

// progress shows the progress of a command: its lines, its status below them, and its figure.
type progress struct {
	text, figure *Live
	lines        []string
	status       string
	begun        time.Time
	shown        bool
	quiet        bool // shows no figure
	// root is the directory of the checkout. Messages are shown without it, because notebooks are
	// shared.
	root string
}

func newProgress(quiet bool) *progress {
	return &progress{text: NewLive(), figure: NewLive(), begun: time.Now(), quiet: quiet}
}

// soon is the duration before the first progress is shown: short work needs none.
const soon = time.Second / 2

// The largest numbers of lines that are shown. The first lines describe the work and stay.
const (
	first = 2
	most  = 10
)

func (p *progress) say(line string) {
	p.lines = append(p.lines, line)
	if len(p.lines) > most {
		p.lines = append(p.lines[:first:first], p.lines[len(p.lines)-most+first:]...)
	}
	p.show()
}

// wait shows a status at once, for slow work.
func (p *progress) wait(status string) {
	p.status = status
	p.show()
}

func (p *progress) show() {
	p.shown = true
	lines := p.lines
	if p.status != "" {
		lines = append(slices.Clone(lines), p.status)
	}
	p.text.Text(strings.Join(lines, "\n"))
}

func (p *progress) told(m serve.Message) {
	switch {
	case m.Say != "":
		p.status = ""
		p.say(strings.ReplaceAll(m.Say, p.root, ""))
	case m.Status != "":
		p.status = m.Status
		if p.shown || time.Since(p.begun) > soon {
			p.show()
		}
	case m.Figure != nil && !p.quiet:
		bundle{svg: m.Figure.SVG, text: m.Figure.Text}.display(p.figure.id)
	}
}

// end removes the status, so that the saved notebook lacks it.
func (p *progress) end() {
	if p.shown && p.status != "" {
		p.status = ""
		p.show()
	}
}

// runsIn returns the directory of runs: $ESSNAS_RUNS, or that of the checkout.
func runsIn(c checkout.Tree) string {
	if runs := os.Getenv("ESSNAS_RUNS"); runs != "" {
		return runs
	}
	return filepath.Join(c.Root, "runs")
}

// runsOf returns the directory of runs of this notebook.
func runsOf() string {
	tree, err := checkout.Find()
	Check(err)
	return runsIn(tree)
}
