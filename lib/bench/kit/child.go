package kit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/bench/internal/group"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/settings"
)

// A worker is a process that takes one step. It reads a job, one line of JSON, and answers by lines
// of JSON. Its exit status and its messages report failures.

// job is the input of a worker.
type job struct {
	Step      string          `json:"step"`
	Backend   backend.Choice  `json:"backend"`
	Precision string          `json:"precision,omitempty"`
	Search    settings.Search `json:"search"`
	Train     *settings.Train `json:"train,omitempty"`
	Minute    time.Duration   `json:"minute,omitempty"`
	Skip      int             `json:"skip,omitempty"` // number of blocks that are done
}

// answer is a line of a worker.
type answer struct {
	Text    string        `json:"text,omitempty"`  // a line of the file
	Said    string        `json:"said,omitempty"`  // the result in a few words
	Begun   string        `json:"begun,omitempty"` // name of the block that follows
	Block   *result       `json:"block,omitempty"`
	Metrics event.Metrics `json:"metrics,omitempty"` // of the step
}

// stepVariable is the environment variable with the step of a worker, which a plugin of the tests
// reads.
const stepVariable = "ESSNAS_KIT_STEP"

func (k Kit) job(step string) job { return job{Step: step, Backend: k.Backend} }

// run takes a step in a worker on a device and returns its answers, also with an error. Texts and
// messages go to the step.
func (k Kit) run(ctx context.Context, s *Step, j job, device backend.Choice) (answers []answer, err error) {
	j.Backend = device
	input, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, k.Patience, fmt.Errorf("it did not end within %v", k.Patience))
	defer cancel()
	c := exec.CommandContext(limited, k.Worker[0], k.Worker[1:]...)
	c.Env = slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, stepVariable+"=") })
	c.Env = append(c.Env, "ESSNAS_BACKEND="+string(device))
	if device == k.Backend {
		c.Env = append(c.Env, stepVariable+"="+s.Name)
	}
	c.Stdin = bytes.NewReader(input)
	messages := &tail{}
	c.Stderr = messages
	group.Lead(c)
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(out)
	var broken error
	for {
		var a answer
		if err := decoder.Decode(&a); err == io.EOF {
			break
		} else if err != nil {
			broken = err
			io.Copy(io.Discard, out)
			break
		}
		if a.Text != "" {
			s.Text += a.Text + "\n"
		}
		if a.Said != "" {
			s.Said = a.Said
		}
		answers = append(answers, a)
	}
	err = c.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if text := messages.String(); text != "" {
		s.Messages += fmt.Sprintf("%s\n", text)
	}
	switch {
	case limited.Err() != nil:
		return answers, context.Cause(limited)
	case err != nil:
		return answers, reason(err, messages.String())
	case broken != nil:
		return answers, fmt.Errorf("the worker's answer can't be read: %w", broken)
	}
	return answers, nil
}

// reason returns the reason of a worker's failure: its last message, or the signal that ended it.
func reason(err error, messages string) error {
	exit := new(exec.ExitError)
	if !errors.As(err, &exit) || !exit.Exited() {
		return fmt.Errorf("the process crashed (%w)", err)
	}
	lines := strings.Split(strings.TrimSpace(messages), "\n")
	for _, l := range lines {
		// Go's runtime turns some signals into a stack trace.
		if strings.HasPrefix(l, "SIG") || strings.HasPrefix(l, "fatal error: ") || strings.HasPrefix(l, "panic: ") {
			return fmt.Errorf("the process crashed (%s)", l)
		}
	}
	if last := strings.TrimPrefix(lines[len(lines)-1], "essnas: "); last != "" {
		return errors.New(last)
	}
	return fmt.Errorf("the process ended without a word (%w)", err)
}

// tail keeps the beginning and the end of messages: an early warning often explains a late failure.
type tail struct{ first, last []byte }

const tailSize = 1 << 14

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	n := min(len(p), tailSize-len(t.first))
	t.first = append(t.first, p[:n]...)
	t.last = append(t.last, p[n:]...)
	if over := len(t.last) - tailSize; over > 0 {
		t.last = append([]byte{}, t.last[over:]...)
	}
	return len(p), nil
}

// String returns the kept parts.
func (t *tail) String() string {
	text := string(t.first)
	if len(t.last) == tailSize {
		text += "\n...\n"
	}
	return strings.TrimSpace(text + string(t.last))
}
