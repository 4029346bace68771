package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/essnas/essnas/lib/backend/pjrt"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/internal/checkout"
	"github.com/essnas/essnas/lib/pipeline"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/serve"
	"github.com/essnas/essnas/lib/stage"
	"github.com/spf13/cobra"
)

func (p *program) serve() *cobra.Command {
	var stop bool
	c := &cobra.Command{
		Use:   "serve",
		Short: "Compute for notebooks",
		Long: `Compute for the cells of notebooks, which start the server and send commands over a socket. The server ends some seconds after the last kernel, or after half
an hour without work. It keeps the backend open and the compiled programs in memory, so that cells wait for neither.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			tree, err := checkout.Find()
			if err != nil {
				return err
			}
			if stop {
				return serve.Stop(c.Context(), tree)
			}
			d := new(desk)
			s := &serve.Server{Explain: oneLine, Do: d.answer, Rest: d.rest}
			return s.Run(c.Context(), tree)
		},
	}
	c.Flags().BoolVar(&stop, "stop", false, "end the server of this checkout; it saves its work first")
	return c
}

// desk receives the requests of clients.
type desk struct {
	// device is locked by long computations, which share one device and run one after the other.
	device sync.Mutex
	at     atomic.Pointer[string] // the command that holds device, or held it last
	warm   stage.Warm
}

// rest frees unused memory.
func (d *desk) rest() {
	d.warm.Release()
	debug.FreeOSMemory() // runs finalizers as well, which free memory on the device
	pjrt.Trim()
}

// answer executes a command for a client and returns its result, or the error of the command.
func (d *desk) answer(ctx context.Context, args []string, tell func(serve.Message)) (json.RawMessage, error) {
	w := &watching{tell: tell}
	if len(args) == 0 {
		return nil, errors.New("the server was asked for no command: put one into \"args\", such as [\"doctor\"]")
	}
	held := false // this command holds the device until its end
	p := &program{server: func(l *pipeline.Pipeline) {
		l.Progress, l.Status, l.Begin, l.Watch, l.Warm = saying(tell), w.status, w.begin, w.event, &d.warm
		l.Turn = func(ctx context.Context) (func(), error) {
			if held {
				return func() {}, nil
			}
			return d.turn(ctx, args[0], tell)
		}
	}}
	c := p.root()
	var out bytes.Buffer
	c.SetOut(&out)
	c.SetErr(saying(tell)) // remarks are no part of the result
	c.SetArgs(append(slices.Clone(args), "--json"))
	if found, _, err := c.Find(args); err == nil {
		switch found.Name() {
		case "serve", "lab", "install", "remove", "run":
			return nil, fmt.Errorf("essnas %s does not work in a cell: run it in a terminal", found.Name())
		case "params", "report", "replay", "states", "doctor", "version", "list", "check": // short
		default:
			if brief(found.Name()) || slices.Contains(inTurn, found.Name()) {
				break
			}
			leave, err := d.turn(ctx, args[0], tell)
			if err != nil {
				return nil, err
			}
			held = true
			defer leave()
		}
	}
	err := cmp.Or(c.ExecuteContext(ctx), p.unknown)
	w.drawing.Wait()
	if err != nil {
		return nil, run.Readvise(err, p.pipeline().Next)
	}
	if !json.Valid(out.Bytes()) {
		return nil, fmt.Errorf("essnas %s has no result to send: run it in a terminal", args[0])
	}
	return out.Bytes(), nil
}

// inTurn lists the commands whose runs wait for the device one by one, and only if they have work
// to do (stage.Env.Turn). All other long commands wait before they begin.
var inTurn = []string{"search", "train", "pretrain", "finetune"}

// turn waits until no other command uses the device, and tells the client which command uses it. It
// returns the function that frees the device, and an error if the context ends.
func (d *desk) turn(ctx context.Context, command string, tell func(serve.Message)) (leave func(), err error) {
	if !d.device.TryLock() {
		text := "waiting for another cell's work to end"
		if at := d.at.Load(); at != nil {
			text += ", an essnas " + *at
		}
		tell(serve.Message{Status: text})
		if err := lock(ctx, &d.device); err != nil {
			return nil, err
		}
	}
	d.at.Store(&command)
	return d.device.Unlock, nil
}

// brief reports whether a pipeline stage needs the device for moments only.
func brief(name string) bool {
	return slices.ContainsFunc(stage.All(), func(s stage.Stage) bool { return s.Name == name && s.Command().Brief })
}

// lock waits for the mutex, and returns an error if the context ends first.
func lock(ctx context.Context, m *sync.Mutex) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !m.TryLock() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// saying sends lines of text to the client.
type saying func(serve.Message)

func (tell saying) Write(text []byte) (int, error) {
	for line := range bytes.Lines(text) {
		tell(serve.Message{Say: string(bytes.TrimRight(line, "\n"))})
	}
	return len(text), nil
}

// watching shows the progress of a pipeline stage: its status at most five times a second, its
// figure once an epoch.
type watching struct {
	tell func(serve.Message)

	last    time.Time // time of the last status
	run     *run.Run
	drawing sync.WaitGroup
	mu      sync.Mutex // held while a figure is drawn
}

func (w *watching) status(text string) {
	if now := time.Now(); now.Sub(w.last) >= 200*time.Millisecond {
		w.last = now
		w.tell(serve.Message{Status: text})
	}
}

func (w *watching) begin(r *run.Run) { w.run = r }

func (w *watching) event(e fit.Event) {
	if e.Kind != event.EndOfEpoch && e.Kind != event.Begin {
		return
	}
	w.drawing.Go(func() {
		if w.mu.TryLock() { // otherwise the last figure is still being drawn
			defer w.mu.Unlock()
			w.draw()
		}
	})
}

func (w *watching) draw() {
	figure, text, err := stage.Overview(w.run)
	if err != nil {
		return // a figure that can't be drawn does not end a search
	}
	var svg bytes.Buffer
	if figure.SVG(&svg) == nil {
		w.tell(serve.Message{Figure: &serve.Figure{SVG: svg.String(), Text: text}})
	}
}
