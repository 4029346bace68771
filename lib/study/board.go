package study

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/study/findings"
	"github.com/schollz/progressbar/v3"
)

// board tracks the jobs of a study and shows their progress: as a bar in a terminal, as a status in
// a notebook, as lines elsewhere.
type board struct {
	out    io.Writer
	status func(text string) // see pipeline.Pipeline
	jobs   []findings.Job
	costs  *costs
	at     []state
	bar    *progressbar.ProgressBar // nil if the progress is lines or a status

	mu   sync.Mutex
	told time.Time
	done int
}

// state is the state of a job.
type state struct {
	done  bool
	begun time.Time     // zero: not in work
	left  time.Duration // of the fitting, as of the last event
}

// between is the time between plain lines on a job.
const between = 20 * time.Second

func (s *Study) newBoard(jobs []findings.Job) (*board, error) {
	b := &board{out: s.pipeline.Progress, status: s.pipeline.Status, jobs: jobs, at: make([]state, len(jobs)), costs: s.newCosts()}
	if b.out == nil {
		b.out = io.Discard
	}
	for i, j := range jobs {
		done, err := s.Done(j)
		if err != nil {
			return nil, err
		}
		if done {
			b.at[i].done = true
			b.done++
			if err := b.costs.learn(s, j); err != nil {
				return nil, err
			}
		}
	}
	if s.pipeline.Terminal {
		b.bar = progressbar.NewOptions(len(jobs), progressbar.OptionSetWriter(b.out), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetWidth(6), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionUseANSICodes(true),
			progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░", BarStart: "", BarEnd: ""}))
	}
	if b.done < len(jobs) {
		b.pass(fmt.Sprintf("%s to do in %s, on %s%s", english.Plural(len(jobs)-b.done, "job", ""), s.Dir, s.Config.Backend, b.toGo()))
	}
	return b, nil
}

func (b *board) say(format string, a ...any) {
	if b.bar != nil {
		b.bar.Clear()
	}
	fmt.Fprintf(b.out, format+"\n", a...)
	b.told = time.Now()
}

// pass writes a message that is of interest only during the study. With a status it leaves no line.
func (b *board) pass(text string) {
	if b.status != nil {
		b.status(text)
	} else {
		b.say("%s", text)
	}
}

func (b *board) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar != nil {
		b.bar.Clear()
		b.bar = nil
	}
}

func (b *board) isDone(i int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at[i].done
}

func (b *board) begin(i int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at[i].begun = time.Now()
	b.show(i, "")
}

// watch records the events of a job's fitting.
func (b *board) watch(i int, e fit.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e.Kind {
	case event.Note:
		b.say("%s: %s", b.jobs[i], e.Text)
	case event.EndOfStep, event.EndOfEpoch:
		if e.Left > 0 {
			b.at[i].left = e.Left
			b.costs.expect(b.jobs[i], time.Since(b.at[i].begun)+e.Left)
		}
		b.show(i, fmt.Sprintf(", epoch %d, step %d", e.Epoch+1, e.Step+1))
	}
}

// end records the end of a job; err is its error.
func (b *board) end(i int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	took := time.Since(b.at[i].begun)
	b.at[i].begun, b.at[i].left = time.Time{}, 0
	if errors.Is(err, context.Canceled) {
		return // the study tells once how to continue
	}
	if err != nil {
		b.say("%s: %v", b.jobs[i], err)
		return
	}
	b.at[i].done = true
	b.done++
	b.costs.took(b.jobs[i], took)
	if b.bar != nil {
		b.bar.Set(b.done)
		return
	}
	b.pass(fmt.Sprintf("%d/%d %s, %v%s", b.done, len(b.jobs), b.jobs[i], took.Round(time.Second/10), b.toGo()))
}

// show moves the bar, or writes a line if the last line is old enough.
func (b *board) show(i int, place string) {
	text := fmt.Sprintf("%d/%d %s%s%s", b.done, len(b.jobs), b.jobs[i], place, b.toGo())
	if b.bar != nil {
		b.bar.Describe(text)
		b.bar.Set(b.done)
	} else if b.status != nil || time.Since(b.told) >= between {
		b.pass(text)
	}
}

// toGo returns the estimate for all unfinished jobs in words, or "" before the first measurement.
func (b *board) toGo() string {
	var left time.Duration
	running := 0
	for i, j := range b.jobs {
		s := b.at[i]
		if s.done {
			continue
		}
		cost, ok := b.costs.of(j)
		if !ok {
			return ""
		}
		if !s.begun.IsZero() {
			running++
			if cost = max(0, cost-time.Since(s.begun)); s.left > 0 {
				cost = s.left
			}
		}
		left += cost
	}
	if left == 0 {
		return ""
	}
	return fmt.Sprintf(", %s to go", findings.Duration(left/time.Duration(max(1, running))))
}
