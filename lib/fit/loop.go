package fit

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/fit/event"
)

// Task is a search or a training. Epochs and steps count from 0. Random numbers must depend on the
// seed, the epoch and the step alone, and State must contain everything that a step changes. An
// interrupted run then ends with the same bits as an uninterrupted one.
type Task interface {
	Epochs() int
	Steps(epoch int) int
	// Step makes one step. The loop averages its metrics over the epoch.
	Step(epoch, step int) (event.Metrics, error)
	// EndEpoch validates after the last step of an epoch. It returns metrics of the epoch and
	// details for the record, such as alphas.
	EndEpoch(ctx context.Context, epoch int) (event.Metrics, map[string]any, error)
	State() (State, error)
	Restore(State) error
}

// Ahead is a Task that can launch steps before the metrics of earlier steps are read. Otherwise a
// GPU would idle while the host waits for a number.
type Ahead interface {
	// Launch starts a step; read waits for its end and returns the results of Step.
	Launch(epoch, step int) (read func() (event.Metrics, error), err error)
}

// Ranked is a Task with comparable epochs. Best names the metric whose lowest value marks the best
// epoch; its checkpoint is the store's Best.
type Ranked interface{ Best() string }

// Event reports an action of the loop to an observer.
type Event struct {
	Kind  event.Kind
	Epoch int
	Step  int // EndOfStep: its number; others: finished steps of the epoch
	// EndOfStep: the step's metrics; EndOfEpoch: means over the steps, and metrics of EndEpoch
	Metrics event.Metrics
	Details map[string]any // EndOfEpoch
	Text    string         // Note
	Best    bool           // EndOfEpoch: best epoch so far
	Left    time.Duration  // estimated remaining time; 0 without an estimate
}

// Options of Run. The zero value saves every 30 seconds and has no observer.
type Options struct {
	Every time.Duration // between checkpoints within an epoch; 0: 30 s
	// longest time between readings of an Ahead task's steps; 0 reads each step before the next
	Ahead   time.Duration
	Observe func(Event) error // an error ends the run
}

// progress is the position of a run. Checkpoints contain it.
type progress struct {
	Epoch     int               `json:"epoch"` // current epoch
	Step      int               `json:"step"`  // its finished steps
	Sums      map[string]number `json:"sums"`  // sums of metrics over these steps
	Best      number            `json:"best"`
	BestEpoch int               `json:"best_epoch"` // -1: none
}

// String describes the position, counted from 1.
func (p progress) String() string {
	if p.Step == 0 {
		return fmt.Sprintf("epoch %d", p.Epoch)
	}
	return fmt.Sprintf("epoch %d, step %d", p.Epoch+1, p.Step)
}

// number is a float64 that JSON represents bit by bit, infinities included.
type number float64

func (n number) MarshalText() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(n), 'g', -1, 64), nil
}

func (n *number) UnmarshalText(text []byte) error {
	x, err := strconv.ParseFloat(string(text), 64)
	*n = number(x)
	return err
}

const progressKey = "progress"

// Run fits the task to its last epoch, from the store's last checkpoint or from the start. It
// writes a checkpoint at the end of every epoch, every o.Every in between, and when ctx is
// cancelled; it then returns ctx.Err(). Run returns the errors of the task, of the store and of
// o.Observe, and an error if the run diverges.
func Run(ctx context.Context, task Task, store Store, o Options) error {
	if o.Every == 0 {
		o.Every = 30 * time.Second
	}
	if o.Observe == nil {
		o.Observe = func(Event) error { return nil }
	}
	l := &loop{task: task, store: store, o: o, at: progress{Sums: map[string]number{}, Best: number(math.Inf(1)), BestEpoch: -1}, saved: time.Now()}
	if r, ok := task.(Ranked); ok {
		l.best = r.Best()
	}
	if err := l.resume(); err != nil {
		return err
	}
	if err := o.Observe(Event{Kind: event.Begin, Epoch: l.at.Epoch, Step: l.at.Step}); err != nil {
		return err
	}
	for l.at.Epoch < task.Epochs() {
		if err := l.epoch(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Progress returns the position of a checkpoint: the current epoch, its finished steps, and the
// best epoch so far (-1 if there is none). It returns an error if the checkpoint was not written by
// Run.
func Progress(s State) (epoch, step, best int, err error) {
	var p progress
	if err := json.Unmarshal([]byte(s.Meta[progressKey]), &p); err != nil {
		return 0, 0, 0, errors.New("the checkpoint does not contain the position of a run: it was not written by a run")
	}
	return p.Epoch, p.Step, p.BestEpoch, nil
}

type loop struct {
	task  Task
	store Store
	o     Options
	best  string // metric; "" for none
	at    progress
	saved time.Time
	clock clock

	unread []func() (event.Metrics, error) // launched, unread steps of the current epoch
	read   time.Time                       // time of the last reading
}

func (l *loop) resume() error {
	state, remark, err := l.store.Load()
	if err != nil {
		return err
	}
	if remark != "" {
		if err := l.o.Observe(Event{Kind: event.Note, Text: remark}); err != nil {
			return err
		}
	}
	if state == nil {
		return nil
	}
	if _, _, _, err := Progress(*state); err != nil {
		return fmt.Errorf("checkpoint in %s: %w", l.store.Dir, err)
	}
	if err := json.Unmarshal([]byte(state.Meta[progressKey]), &l.at); err != nil {
		return err
	}
	delete(state.Meta, progressKey)
	if err := l.task.Restore(*state); err != nil {
		return fmt.Errorf("checkpoint in %s does not fit this run: %w", l.store.Dir, err)
	}
	return nil
}

// epoch continues the current epoch to its end.
func (l *loop) epoch(ctx context.Context) error {
	epoch := l.at.Epoch
	l.read = time.Now()
	for steps := l.task.Steps(epoch); l.at.Step+len(l.unread) < steps; {
		if err := l.pause(ctx); err != nil {
			return err
		}
		if err := l.step(epoch); err != nil {
			return err
		}
	}
	if err := l.pause(ctx); err != nil {
		return err
	}
	if err := l.catchUp(); err != nil {
		return err
	}
	return l.end(ctx, epoch)
}

// mostUnread bounds the number of unread steps.
const mostUnread = 256

// step makes or launches the next step.
func (l *loop) step(epoch int) error {
	step := l.at.Step + len(l.unread)
	read, err := launch(l.task, epoch, step)
	if err != nil {
		return cmp.Or(l.catchUp(), err) // an earlier step may have caused the failure
	}
	l.unread = append(l.unread, read)
	if time.Since(l.read) < l.o.Ahead && len(l.unread) < mostUnread {
		return nil
	}
	return l.catchUp()
}

func launch(task Task, epoch, step int) (read func() (event.Metrics, error), err error) {
	if ahead, ok := task.(Ahead); ok {
		return ahead.Launch(epoch, step)
	}
	m, err := task.Step(epoch, step)
	return func() (event.Metrics, error) { return m, nil }, err
}

// catchUp reads the launched steps.
func (l *loop) catchUp() error {
	if len(l.unread) == 0 {
		return nil
	}
	n := time.Duration(len(l.unread))
	unread := l.unread
	l.unread = nil
	var good []event.Metrics
	var bad error
	for _, read := range unread {
		var m event.Metrics
		if m, bad = read(); bad == nil {
			bad = diverged(m, l.at.Epoch, l.at.Step+len(good))
		}
		if bad != nil {
			break
		}
		good = append(good, m)
	}
	took := time.Since(l.read) / n
	l.read = time.Now()
	for _, m := range good {
		for name, x := range m {
			l.at.Sums[name] += number(x)
		}
		l.at.Step++
		l.clock.step(took)
		if err := l.o.Observe(Event{Kind: event.EndOfStep, Epoch: l.at.Epoch, Step: l.at.Step - 1, Metrics: m, Left: l.left(l.task.Steps(l.at.Epoch) - l.at.Step)}); err != nil {
			return err
		}
	}
	return bad
}

// hugeLoss is a loss from which no run recovers: the weights are so large that the gradient is 0.
// Losses that start large, such as Barlow Twins' with a large embedding, stay far below.
const hugeLoss = 1e9

// diverged returns an error if a loss is huge, or if a loss or the norm of a gradient is not
// finite. The check precedes saving, so checkpoints hold weights from which a run can continue.
func diverged(m event.Metrics, epoch, step int) error {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		x := m[name]
		loss := strings.HasSuffix(name, "loss")
		if loss && math.Abs(x) > hugeLoss || (loss || strings.HasSuffix(name, "grad_norm")) && (math.IsNaN(x) || math.IsInf(x, 0)) {
			return fmt.Errorf("%s is %g in epoch %d, step %d: the run has diverged; start another one with a smaller lr", name, x, epoch+1, step+1)
		}
	}
	return nil
}

// end ends an epoch. If the context ends first, the loop saves the state after the last step, and a
// later run repeats the end of the epoch.
func (l *loop) end(ctx context.Context, epoch int) error {
	start := time.Now()
	measured, details, err := l.task.EndEpoch(ctx, epoch)
	if err != nil && ctx.Err() != nil {
		return cmp.Or(l.save(false), ctx.Err())
	}
	if err == nil {
		err = diverged(measured, epoch, l.at.Step-1)
	}
	if err != nil {
		return err
	}
	metrics := event.Metrics{}
	for name, sum := range l.at.Sums {
		metrics[name] = float64(sum) / float64(l.at.Step)
	}
	maps.Copy(metrics, measured)
	e := Event{Kind: event.EndOfEpoch, Epoch: epoch, Step: l.at.Step, Metrics: metrics, Details: details}
	if x, ok := metrics[l.best]; ok && x < float64(l.at.Best) {
		e.Best, l.at.Best, l.at.BestEpoch = true, number(x), epoch
	}
	l.at.Epoch, l.at.Step, l.at.Sums = epoch+1, 0, map[string]number{}
	l.clock.end(time.Since(start))
	if l.at.Epoch < l.task.Epochs() {
		e.Left = l.left(l.task.Steps(l.at.Epoch))
	}
	if err := l.o.Observe(e); err != nil {
		return err
	}
	return l.save(e.Best)
}

// pause saves if a checkpoint is due or the run is cancelled.
func (l *loop) pause(ctx context.Context) error {
	if ctx.Err() == nil && time.Since(l.saved) < l.o.Every {
		return nil
	}
	if err := l.catchUp(); err != nil {
		return err
	}
	if err := l.save(false); err != nil {
		return err
	}
	l.read = time.Now() // saving is not part of a step's time
	return ctx.Err()
}

// save writes the best checkpoint first: a run killed in between repeats the epoch and writes the
// same bytes. It refuses a state that is not finite. The weights can overflow in a step with finite
// loss and gradient, and only the next loss would reveal it.
func (l *loop) save(best bool) error {
	if err := l.o.Observe(Event{Kind: event.Saving, Epoch: l.at.Epoch, Step: l.at.Step}); err != nil {
		return err
	}
	state, err := l.task.State()
	if err != nil {
		return err
	}
	if name := state.notFinite(); name != "" {
		return fmt.Errorf("%s is not finite after %s: the run has diverged; start another one with a smaller lr", name, l.at)
	}
	place, err := json.Marshal(l.at)
	if err != nil {
		return err
	}
	state.Meta = maps.Clone(state.Meta)
	if state.Meta == nil {
		state.Meta = map[string]string{}
	}
	state.Meta[progressKey] = string(place)
	if best {
		if err := state.Save(l.store.Best()); err != nil {
			return err
		}
	}
	if err := l.store.Save(state); err != nil {
		return err
	}
	l.saved = time.Now()
	return nil
}

// left estimates the remaining time, given the remaining steps of the current epoch.
func (l *loop) left(steps int) time.Duration {
	epochs := l.task.Epochs() - l.at.Epoch
	for e := l.at.Epoch + 1; e < l.task.Epochs(); e++ {
		steps += l.task.Steps(e)
	}
	return l.clock.left(steps, epochs)
}

// clock estimates the duration of steps and of ends of epochs from the most recent ones. The first
// of each compiles and does not count.
type clock struct {
	steps, ends []time.Duration
}

const remembered = 32

func (c *clock) step(d time.Duration) { c.steps = remember(c.steps, d) }
func (c *clock) end(d time.Duration)  { c.ends = remember(c.ends, d) }

func remember(durations []time.Duration, d time.Duration) []time.Duration {
	if len(durations) == remembered {
		durations = slices.Delete(durations, 0, 1)
	}
	return append(durations, d)
}

func (c *clock) left(steps, ends int) time.Duration {
	if len(c.steps) < 2 {
		return 0
	}
	return time.Duration(steps)*median(c.steps) + time.Duration(ends)*median(c.ends)
}

// median returns the median of the durations, or 0 if there are none. A mean would be dominated by
// steps that compile, which take a hundred times as long.
func median(durations []time.Duration) time.Duration {
	if len(durations) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(durations))[(len(durations)-1)/2]
}
