package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/internal/atomicfile"
)

// recordPath returns the file of submissions, which lets another process show or cancel them.
func (s *Slurm) recordPath() string { return filepath.Join(s.Dir, "slurm.json") }

func (s *Slurm) record(all []submission) error {
	earlier, err := s.submissions()
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(append(earlier, all...), "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(s.recordPath(), append(text, '\n'))
}

// submissions returns all arrays that were submitted from this directory.
func (s *Slurm) submissions() (all []submission, err error) {
	text, err := os.ReadFile(s.recordPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		return nil, fmt.Errorf("%s can't be read (%w): delete it, and look for its jobs in squeue", s.recordPath(), err)
	}
	return all, nil
}

// States returns Slurm's states (PENDING, RUNNING, ...) of waiting and running jobs, by name. It
// returns an error if squeue can't be run, fails, or does not answer in half a minute.
func (s *Slurm) States(ctx context.Context) (map[string]string, error) {
	all, err := s.submissions()
	if err != nil || len(all) == 0 {
		return nil, err
	}
	names := map[string]string{}
	for _, a := range all {
		for i, name := range a.Tasks {
			names[fmt.Sprintf("%s_%d", a.ID, i)] = name
		}
	}
	// squeue fails if it is asked for an array that it has forgotten, so States asks for all jobs of
	// the user.
	// While its controller is down, squeue tries again for minutes.
	patience := cmp.Or(s.patience, 30*time.Second)
	limited, stop := context.WithTimeoutCause(ctx, patience, fmt.Errorf("nothing came in %s", patience))
	defer stop()
	squeue := exec.CommandContext(limited, "squeue", "--noheader", "--me", "--array", "--format=%i %T")
	squeue.WaitDelay = time.Second // a child of a wrapper may keep the pipe open
	out, err := s.execute(squeue)
	if err != nil {
		if cause := context.Cause(limited); cause != nil {
			err = cause
		}
		return nil, fmt.Errorf("squeue doesn't answer: %w", err)
	}
	states := map[string]string{}
	for line := range strings.Lines(out) {
		id, state, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name, ok := names[id]; ok {
			states[name] = state
		}
	}
	return states, nil
}

// Wait implements [Engine]. A job has ended when squeue no longer lists it. It has succeeded if its
// result exists.
func (s *Slurm) Wait(ctx context.Context) (End, error) {
	poll := s.Poll
	if poll == 0 {
		poll = 10 * time.Second
	}
	for {
		if len(s.ends) > 0 {
			end := s.ends[0]
			s.ends = s.ends[1:]
			return end, nil
		}
		if !slices.Contains(s.ended, false) {
			return End{}, io.EOF
		}
		if err := s.look(ctx); err != nil {
			return End{}, err
		}
		if len(s.ends) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return End{}, ctx.Err()
		case <-time.After(poll):
		}
	}
}

// look calls squeue once and notes the jobs that have ended since the last call.
func (s *Slurm) look(ctx context.Context) error {
	states, err := s.States(ctx)
	if err != nil {
		return err
	}
	for i, j := range s.jobs {
		if _, held := states[j.Name]; held || s.ended[i] {
			continue
		}
		s.ended[i] = true
		if s.failed[j.After] {
			s.failed[j.Name] = true // its predecessor failed, so it never begins
			continue
		}
		done, err := s.Done(j)
		if err == nil && !done {
			err = fmt.Errorf("it has ended without a result; its log is in %s", filepath.Join(s.Dir, "logs"))
		}
		s.failed[j.Name] = err != nil
		s.ends = append(s.ends, End{j, err})
	}
	return nil
}

// Cancel implements [Engine] for all arrays that were ever submitted from this directory. Running
// jobs save: Slurm signals them before it kills them.
func (s *Slurm) Cancel() error {
	all, err := s.submissions()
	if err != nil {
		return err
	}
	return s.cancel(all)
}

func (s *Slurm) cancel(all []submission) error {
	if len(all) == 0 {
		return nil
	}
	args := []string{"--quiet"} // ended jobs are no error
	for _, a := range all {
		args = append(args, a.ID)
	}
	if _, err := s.execute(exec.Command("scancel", args...)); err != nil {
		return fmt.Errorf("scancel has refused: %w", err)
	}
	return nil
}

// execute runs one of Slurm's commands and returns its output. The error has the text of its
// standard error.
func (s *Slurm) execute(c *exec.Cmd) (string, error) {
	if s.run != nil {
		return s.run(c)
	}
	out, err := c.Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) && len(exit.Stderr) > 0 {
		err = errors.New(strings.TrimSpace(string(exit.Stderr)))
	} else if errors.Is(err, exec.ErrNotFound) {
		err = fmt.Errorf("%s is not in PATH: essnas has to be started on a machine that submits to the cluster", c.Path)
	}
	return string(out), err
}
