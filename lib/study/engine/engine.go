package engine

import "context"

// Job is one unit of work.
type Job struct {
	Name  string // unique among the jobs of one Submit
	After string // name of the job that has to succeed first, listed before this one; "" for none
}

// End reports how a job ended.
type End struct {
	Job Job
	Err error // nil if the job succeeded
}

// Engine runs jobs. Submit is called once; Wait and Cancel follow it.
type Engine interface {
	// Submit hands over all jobs, in the order of preference, and returns without waiting for
	// them. It returns an error if a name occurs twice, or if a job waits for one that is not
	// listed before it.
	Submit(ctx context.Context, jobs []Job) error

	// Wait blocks until one more job has ended and reports it. It returns io.EOF once no job is
	// left that can end: a job whose predecessor failed never begins and is never reported. It
	// returns the context's error if the context is done first; the jobs then go on.
	Wait(ctx context.Context) (End, error)

	// Cancel keeps waiting jobs from beginning and tells the running ones to save and stop. Their
	// ends are still reported by Wait.
	Cancel() error
}
