package study

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/study/engine"
	"github.com/essnas/essnas/lib/study/findings"
)

// Cluster describes the submission of a study to Slurm.
type Cluster struct {
	Program []string // the command of essnas on a node: its absolute path, then flags
	Options engine.SlurmOptions
}

// slurm returns the Slurm engine of this study. Its files lie beside those of the jobs.
func (s *Study) slurm(c Cluster) (*engine.Slurm, error) {
	dir, err := filepath.Abs(s.Dir) // nodes start in another directory
	if err != nil {
		return nil, err
	}
	jobs := map[string]findings.Job{}
	for _, j := range s.jobs(s.only) {
		jobs[j.Name()] = j
	}
	program := func(words ...string) []string { return append(c.Program[:len(c.Program):len(c.Program)], words...) }
	return &engine.Slurm{
		Dir: filepath.Join(dir, jobsDir), Name: s.Config.Name, Options: c.Options,
		Command: func(j engine.Job) []string {
			return program("study", "job", filepath.Join(dir, jobsDir, filepath.FromSlash(j.Name)+".json"))
		},
		Done:  func(j engine.Job) (bool, error) { return s.Done(jobs[j.Name]) },
		After: program("report", "--run", dir),
	}, nil
}

// Submit submits all unfinished jobs to Slurm, and a job that writes the report after them. It
// returns the number of jobs without that last one. It returns an error if the study can't be
// written, if another process works in it, if its jobs are on the cluster already, or if Slurm
// refuses.
func (s *Study) Submit(ctx context.Context, c Cluster) (jobs int, err error) {
	e, err := s.slurm(c)
	if err != nil {
		return 0, err
	}
	if held, err := e.States(ctx); err != nil {
		return 0, err
	} else if len(held) > 0 {
		return 0, fmt.Errorf("%d jobs of %s are on the cluster already: wait for them, or cancel them with %s", len(held), s.Dir, run.Command("study", "cancel", "--run", s.Dir))
	}
	if _, err := s.Prepare(); err != nil {
		return 0, err
	}
	queue, err := s.missing()
	if err != nil {
		return 0, err
	}
	return len(queue), e.Submit(ctx, queue)
}

// missing returns the unfinished jobs as jobs of the engine.
func (s *Study) missing() (all []engine.Job, err error) {
	done := map[string]bool{}
	for _, j := range s.jobs(s.only) {
		if done[j.Name()], err = s.Done(j); err != nil {
			return nil, err
		}
	}
	for _, j := range queue(s.jobs(s.only)) {
		if done[j.Name] {
			continue
		}
		if done[j.After] {
			j.After = ""
		}
		all = append(all, j)
	}
	return all, nil
}

// Cancel tells the cluster to end the study's jobs. Running jobs save, and a later Submit continues
// them. Cancel returns an error if Slurm refuses.
func (s *Study) Cancel() error {
	e, err := s.slurm(Cluster{})
	if err != nil {
		return err
	}
	return e.Cancel()
}

// Status is the progress of a study: finished jobs, and the state of the others on the cluster.
type Status struct {
	Dir   string       `json:"dir"`
	Lines []StatusLine `json:"lines"`
	// reason why the states on the cluster are unknown; "" if the cluster has answered
	Unknown string `json:"unknown,omitempty"`
}

// StatusLine is the progress of a configuration, in numbers of jobs.
type StatusLine struct {
	Configuration string `json:"configuration"`
	Jobs          int    `json:"jobs"`
	Done          int    `json:"done"`
	Running       int    `json:"running"` // on the cluster
	Pending       int    `json:"pending"` // on the cluster
}

// Status reads the study's directory, and asks the cluster if jobs were submitted. If the cluster
// doesn't answer, only the finished jobs are known. Status returns an error if a run can't be read.
func (s *Study) Status(ctx context.Context) (*Status, error) {
	e, err := s.slurm(Cluster{})
	if err != nil {
		return nil, err
	}
	status := &Status{Dir: s.Dir}
	held, err := e.States(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		status.Unknown = err.Error()
	}
	for _, c := range s.only {
		l := StatusLine{Configuration: c.Name}
		for _, j := range s.jobs([]findings.Configuration{c}) {
			l.Jobs++
			done, err := s.Done(j)
			if err != nil {
				return nil, err
			}
			switch state := held[j.Name()]; {
			case done:
				l.Done++
			case state == "PENDING" || state == "REQUEUED":
				l.Pending++
			case state != "":
				l.Running++
			}
		}
		status.Lines = append(status.Lines, l)
	}
	return status, nil
}

// String writes the status as a table. If the cluster has not answered, it says so below the table.
func (s *Status) String() string {
	var text strings.Builder
	t := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "configuration\tdone\trunning\tpending\tneither")
	var sum StatusLine
	row := func(l StatusLine) {
		fmt.Fprintf(t, "%s\t%d of %d", l.Configuration, l.Done, l.Jobs)
		for _, n := range []int{l.Running, l.Pending, l.Jobs - l.Done - l.Running - l.Pending} {
			if s.Unknown != "" && l.Done < l.Jobs {
				fmt.Fprint(t, "\t?")
			} else {
				fmt.Fprintf(t, "\t%d", n)
			}
		}
		fmt.Fprintln(t)
	}
	for _, l := range s.Lines {
		row(l)
		sum.Jobs, sum.Done, sum.Running, sum.Pending = sum.Jobs+l.Jobs, sum.Done+l.Done, sum.Running+l.Running, sum.Pending+l.Pending
	}
	sum.Configuration = "all"
	row(sum)
	t.Flush() // into memory
	if s.Unknown != "" {
		fmt.Fprintf(&text, "The finished jobs are those in %s; the state of the others on the cluster is unknown, because %s.", s.Dir, s.Unknown)
	}
	return strings.TrimSuffix(text.String(), "\n")
}
