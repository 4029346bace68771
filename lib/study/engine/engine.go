package engine

import "context"

// Job is one unit of work.
type Job struct {
	Name  string // unique among the jobs of one Submit
	After string // name of the job that must succeed first and is listed before; "" for none
}

// End reports how a job ended.
type End struct {
	Job Job
	Err error // nil if the job succeeded
}

// Engine runs jobs. Submit is called once; Wait and Cancel follow it.
type Engine interface {
	// Submit takes all jobs, in the order of preference, and returns without waiting for them. It
	// returns an error if a name occurs twice, or if a job waits for a job that is not listed before
	// it.
	Submit(ctx context.Context, jobs []Job) error

	// Wait blocks until one more job has ended and reports it. It returns io.EOF when all ends are
	// reported. A job whose predecessor failed never begins and is never reported. Wait returns the
	// context's error if the context is done first; the jobs then continue.
	Wait(ctx context.Context) (End, error)

	// Cancel prevents waiting jobs from beginning and tells running jobs to save and stop. Wait
	// still reports the ends of running jobs. Cancel returns an error if the engine can't be
	// reached.
	Cancel() error
}
