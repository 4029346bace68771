package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/bench/internal/group"
)

// child is a worker, seen from the measuring process.
type child struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	replies *bufio.Scanner
	errors  *tail
	started time.Time
	Ready   ready
	First   float64 // seconds from the start of the process to the end of the first step
}

// launch starts a worker with a job and waits for its first step. env extends the environment,
// without removes variables. The end of ctx kills the worker and its children.
func launch(ctx context.Context, command, env, without []string, cores int, j job, watch func(done, total int)) (*child, error) {
	c := &child{cmd: exec.CommandContext(ctx, command[0], command[1:]...), errors: &tail{}}
	c.cmd.Env = append(slices.DeleteFunc(os.Environ(), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return slices.Contains(without, name)
	}), env...)
	c.cmd.Stderr = c.errors
	group.Lead(c.cmd)
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.replies = bufio.NewScanner(out)
	c.started = time.Now()
	if err := onCores(cores, c.cmd.Start); err != nil {
		return nil, err
	}
	if err := c.say(j); err != nil {
		return nil, c.fault(ctx, err)
	}
	for {
		r, err := c.hear(ctx)
		switch {
		case err != nil:
			return nil, err
		case r.Compiling != nil:
			watch(r.Compiling.Done, r.Compiling.Total)
		case r.Ready != nil:
			c.First = time.Since(c.started).Seconds()
			c.Ready = *r.Ready
			return c, nil
		}
	}
}

func (c *child) say(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = c.in.Write(append(line, '\n'))
	return err
}

func (c *child) hear(ctx context.Context) (r reply, err error) {
	if !c.replies.Scan() {
		err := c.replies.Err()
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return r, c.fault(ctx, err)
	}
	if err := json.Unmarshal(c.replies.Bytes(), &r); err != nil {
		return r, fmt.Errorf("a worker answered %q, which can't be read: %w", c.replies.Text(), err)
	}
	return r, nil
}

// fault ends the worker and returns its reason, in the worker's own words if there are any.
func (c *child) fault(ctx context.Context, err error) error {
	c.close()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if last := c.errors.last(); last != "" {
		return errors.New(last)
	}
	return fmt.Errorf("a worker ended without a word (%v, %w)", c.cmd.ProcessState, err)
}

// steps lets the worker make n steps.
func (c *child) steps(ctx context.Context, n int) (all []step, err error) {
	if err := c.say(order{Steps: n}); err != nil {
		return nil, c.fault(ctx, err)
	}
	for range n {
		r, err := c.hear(ctx)
		if err != nil {
			return nil, err
		}
		if r.Step == nil {
			return nil, errors.New("a worker did not answer by a step")
		}
		all = append(all, *r.Step)
	}
	return all, nil
}

// epoch lets the worker run an epoch.
func (c *child) epoch(ctx context.Context) (*Epoch, error) {
	if err := c.say(order{Epoch: true}); err != nil {
		return nil, c.fault(ctx, err)
	}
	r, err := c.hear(ctx)
	if err == nil && r.Epoch == nil {
		err = errors.New("a worker did not answer by an epoch")
	}
	return r.Epoch, err
}

// call returns the mean seconds of n empty calls.
func (c *child) call(ctx context.Context, n int) (float64, error) {
	if err := c.say(order{Calls: n}); err != nil {
		return 0, c.fault(ctx, err)
	}
	r, err := c.hear(ctx)
	if err != nil {
		return 0, err
	}
	if r.Call == nil {
		return 0, errors.New("a worker did not answer by the time of a call")
	}
	return *r.Call, nil
}

// memory returns the present and the peak memory of the process in bytes, 0 if unknown.
func (c *child) memory() (now, peak uint64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		if len(fields) != 2 || fields[1] != "kB" {
			continue
		}
		n, _ := strconv.ParseUint(fields[0], 10, 64)
		switch name {
		case "VmRSS":
			now = n << 10
		case "VmHWM":
			peak = n << 10
		}
	}
	return
}

// close ends the worker.
func (c *child) close() {
	c.in.Close()
	group.Kill(c.cmd)
	c.cmd.Wait()
}

// tail keeps the end of the written text.
type tail struct{ text []byte }

// Write appends and never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if n := len(t.text) - 1<<14; n > 0 {
		t.text = append([]byte{}, t.text[n:]...)
	}
	return len(p), nil
}

// last returns the last non-empty line without the program's name.
func (t *tail) last() string {
	lines := bytes.Split(bytes.TrimSpace(t.text), []byte("\n"))
	return strings.TrimPrefix(strings.TrimSpace(string(lines[len(lines)-1])), "essnas: ")
}
