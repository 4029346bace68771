package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/stage"
	"github.com/spf13/cobra"
)

// replayed is the answer of replay.
type replayed struct {
	Run    string `json:"run"`
	Epochs int    `json:"epochs"`
}

// replay is the command that replays a run from its record.
func (p *program) replay() *cobra.Command {
	var seconds float64
	c := &cobra.Command{
		Use:   "replay RUN",
		Short: "Replay the progress of a run, epoch by epoch",
		Long: `Replay the progress of a search or a training, epoch by epoch, from the record in its directory, in less time than the run took. The run is not changed. In a
notebook each epoch shows the figure that it showed when the run was made.`,
		Example: `  essnas replay runs/search-cifar10-1a2b3c4d
  essnas replay notebooks/recorded/runs/stage1/seed1/search --seconds 5`,
		Args: arguments(1, 1, "which run? Give one directory, as in essnas replay runs/search-cifar10-1a2b3c4d"),
		RunE: func(c *cobra.Command, args []string) error {
			if !(seconds >= 0 && seconds <= 3600) {
				return fmt.Errorf("--seconds is %g: want 0 to 3600", seconds)
			}
			r, err := run.Open(args[0])
			if err != nil {
				return err
			}
			epochs, err := p.replayRun(c, r, seconds)
			if err != nil {
				return err
			}
			return p.print(c, replayed{r.Dir, epochs}, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%d epochs of %s, replayed\n", epochs, r.Dir)
				return err
			})
		},
	}
	c.Flags().Float64Var(&seconds, "seconds", 20, "`TIME` that the whole replay takes")
	return c
}

// replayRun reports the epochs of a run one after the other. It copies the run into a directory of
// its own, which after each epoch has the events up to that epoch, for a client to draw. It returns
// the number of epochs, and an error if the run has none or can't be read.
func (p *program) replayRun(c *cobra.Command, r *run.Run, seconds float64) (epochs int, err error) {
	events, err := r.Events()
	if err != nil {
		return 0, err
	}
	for _, e := range events {
		if e.Kind == event.EndOfEpoch {
			epochs++
		}
	}
	if epochs == 0 {
		return 0, fmt.Errorf("%s has no finished epoch: there is nothing to replay", r.Dir)
	}
	dir, err := os.MkdirTemp("", "essnas-replay-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	config, err := os.ReadFile(r.Path("config.json"))
	if err != nil {
		return 0, atomicfile.Explain(err, r.Path("config.json"))
	}
	if err := atomicfile.WriteBytes(filepath.Join(dir, "config.json"), config); err != nil {
		return 0, err
	}
	again, err := run.Open(dir)
	if err != nil {
		return 0, err
	}
	l := p.pipeline()
	if l.Begin != nil {
		l.Begin(again)
	}
	var text bytes.Buffer
	pause := time.Duration(seconds / float64(epochs) * float64(time.Second))
	if l.Progress != nil {
		fmt.Fprintf(l.Progress, "replay: %d epochs in %g seconds\n", epochs, seconds)
	}
	for _, e := range events {
		line, err := json.Marshal(e)
		if err != nil {
			return 0, err
		}
		text.Write(append(line, '\n'))
		if e.Kind != event.EndOfEpoch {
			continue
		}
		select {
		case <-time.After(pause):
		case <-c.Context().Done():
			return 0, c.Context().Err()
		}
		if err := atomicfile.WriteBytes(again.Path("events.jsonl"), text.Bytes()); err != nil {
			return 0, err
		}
		_, state, err := stage.Overview(again)
		if err != nil {
			return 0, err
		}
		if l.Progress != nil {
			first, _, _ := strings.Cut(state, "\n")
			fmt.Fprintln(l.Progress, "replay:", first)
		}
		if l.Watch != nil {
			l.Watch(fit.Event{Kind: event.EndOfEpoch, Epoch: e.Epoch})
		}
	}
	return epochs, nil
}
