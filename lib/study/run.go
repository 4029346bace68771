package study

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/stage"
	"github.com/essnas/essnas/lib/study/engine"
	"github.com/essnas/essnas/lib/study/findings"
)

// Work does all missing jobs and writes the report. If the context ends, Work stops and returns a
// stage.Interrupted or context.Canceled. The next call continues, also after a kill. A failed job
// does not stop the others. The error names the failed jobs, and the next call repeats them.
func (s *Study) Work(ctx context.Context) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.end()
	b, err := s.open(ctx)
	if err != nil {
		return err
	}
	all := s.jobs(s.only)
	board, err := s.newBoard(all)
	if err != nil {
		return err
	}
	defer board.close()
	index := make(map[string]int, len(all))
	for i, j := range all {
		index[j.Name()] = i
	}
	failed, err := s.carryOut(ctx, engine.NewLocal(s.workers(b), func(ctx context.Context, worker int, e engine.Job) error {
		i := index[e.Name]
		if board.isDone(i) {
			return nil
		}
		board.begin(i)
		l := *s.pipeline
		l.Progress, l.TestImages, l.Device = nil, s.Config.TestImages, worker
		l.Watch = func(e fit.Event) { board.watch(i, e) }
		err := s.do(ctx, &l, all[i])
		board.end(i, err)
		return err
	}), all)
	if err != nil {
		return err
	}
	board.close()
	if err := s.verdict(ctx, all, failed); err != nil {
		return err
	}
	board.pass("writing the report")
	_, err = s.Report()
	return err
}

// carryOut runs jobs on an engine and returns the errors of failed jobs by name. If the context is
// cancelled, carryOut cancels the jobs and waits until running jobs have saved.
func (s *Study) carryOut(ctx context.Context, e engine.Engine, jobs []findings.Job) (failed map[string]error, err error) {
	if err := e.Submit(context.WithoutCancel(ctx), queue(jobs)); err != nil {
		return nil, err
	}
	failed = map[string]error{}
	waiting := ctx
	for {
		end, err := e.Wait(waiting)
		switch {
		case err == io.EOF:
			return failed, nil
		case err != nil && waiting.Err() != nil:
			if err := e.Cancel(); err != nil {
				return nil, err
			}
			waiting = context.WithoutCancel(ctx)
		case err != nil:
			return nil, err
		case end.Err != nil:
			failed[end.Job.Name] = end.Err
		}
	}
}

// open opens the backend. It refuses to continue a study on another kind of backend, which would
// give other numbers.
func (s *Study) open(ctx context.Context) (*backend.Backend, error) {
	b, err := s.openBackend(ctx)
	if err != nil {
		return nil, err
	}
	if have := b.Backend.NumDevices(); s.devices > have {
		return nil, fmt.Errorf("--devices is %d, but there are %d devices: give 1 to %d", s.devices, have, have)
	}
	if err := s.OnBackend(b.Kind); err != nil {
		return nil, err
	}
	return b, nil
}

// openBackend opens the backend with enough devices for this study's runs.
func (s *Study) openBackend(ctx context.Context) (*backend.Backend, error) {
	o := backend.Options{Choice: s.pipeline.Backend, Log: s.pipeline.Progress, Devices: max(s.devices, s.JobDevices())}
	if o.Log == nil {
		o.Log, o.Warnings = io.Discard, os.Stderr
	}
	return backend.Open(ctx, o)
}

// JobDevices returns the largest number of devices that one job of the study splits its batches
// between.
func (s *Study) JobDevices() int {
	n := max(1, s.Config.Train.Devices)
	for _, c := range s.Config.Search {
		n = max(n, c.Devices)
	}
	return n
}

// workers returns the number of jobs that run at a time, each on a device of its own. One job fills
// a CPU, even if the CPU presents several devices. Jobs that split their batches between devices
// run one at a time.
func (s *Study) workers(b *backend.Backend) int {
	if s.JobDevices() > 1 {
		return 1
	}
	if s.devices > 0 {
		return s.devices
	}
	return b.Backend.NumDevices()
}

// verdict summarises failures in one sentence.
func (s *Study) verdict(ctx context.Context, all []findings.Job, failed map[string]error) error {
	if len(failed) == 0 {
		return ctx.Err()
	}
	jobs := slices.DeleteFunc(slices.Clone(all), func(j findings.Job) bool { return failed[j.Name()] == nil })
	for _, j := range jobs {
		if stopped := new(stage.Interrupted); errors.As(failed[j.Name()], stopped) {
			stopped.Command = s.pipeline.Again()
			return *stopped
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	first := jobs[0]
	if len(jobs) == 1 {
		return fmt.Errorf("%s: %w", first, failed[first.Name()])
	}
	return fmt.Errorf("%d jobs failed, and the same command repeats them; the first failed job is %s: %w", len(jobs), first, failed[first.Name()])
}
