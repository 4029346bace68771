package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/essnas/essnas/lib/internal/checkout"
	"github.com/gofrs/flock"
)

// Client is a connection to a server.
type Client struct{ socket string }

// ErrDied is the error of a request whose server has ended without an answer.
var ErrDied = errors.New("the server that computes has ended in the middle of the work, probably because memory ran out: close other programs or take smaller settings (a smaller batch, fewer channels), then run the cell again to continue from the last checkpoint")

// errEnding is the error of a request to a server that is ending.
var errEnding = errors.New("the server is ending")

// Ask lets the server of a checkout execute a command and returns its result. It starts a server if
// necessary. If the server dies before the end, Ask starts another server once, and the run
// continues from its last checkpoint. say receives messages about slow steps, told the messages of
// the server. Ask returns the server's error, [ErrDied], or the error of ctx.
func Ask(ctx context.Context, c checkout.Tree, r Request, say func(string), told func(Message)) (json.RawMessage, error) {
	died := false
	for {
		client, err := Dial(ctx, c, say)
		if err != nil {
			return nil, err
		}
		result, err := client.Do(ctx, r, told)
		switch {
		case errors.Is(err, errEnding):
		case errors.Is(err, ErrDied) && !died:
			died = true
			say("The server that computes has ended in the middle of the work. A new server continues from the last checkpoint.")
		default:
			return result, err
		}
	}
}

// Dial connects to the server of a checkout. If no server is up to date, Dial builds and starts
// one, which can take a minute, and tells say. Dial returns an error if the build or the start
// fails.
func Dial(ctx context.Context, c checkout.Tree, say func(string)) (*Client, error) {
	p, err := placeOf(c)
	if err != nil {
		return nil, err
	}
	for {
		sources, err := c.Sources()
		if err != nil {
			return nil, err
		}
		client, err := p.connect(ctx, sources)
		if client == nil && err == nil {
			client, err = p.begin(ctx, sources, say)
		}
		if !errors.Is(err, errChanged) {
			return client, err
		}
	}
}

// errChanged is the error if the sources have changed while the server was built or started.
var errChanged = errors.New("the sources have changed meanwhile")

// begin starts a server that is up to date in place of an older one.
func (p place) begin(ctx context.Context, sources string, say func(string)) (*Client, error) {
	// Two cells that start at the same time start one server.
	lock := flock.New(filepath.Join(p.dir, "start.lock"))
	if ok, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil || !ok {
		return nil, err
	}
	defer lock.Close()
	if client, err := p.connect(ctx, sources); client != nil || err != nil {
		return client, err
	}
	if err := p.retire(ctx, say); err != nil {
		return nil, err
	}
	if err := Build(ctx, p.Tree, say); err != nil {
		return nil, err
	}
	return p.start(ctx, sources)
}

// client returns a client of the socket, for any server that listens there.
func (p place) client() (*Client, error) {
	socket, err := p.socket()
	if err != nil {
		return nil, err
	}
	return &Client{socket}, nil
}

// connect returns a client if a server that was built from these sources answers, and nil
// otherwise.
func (p place) connect(ctx context.Context, sources string) (*Client, error) {
	c, err := p.client()
	if err != nil {
		return nil, err
	}
	if i, err := c.Info(ctx); err != nil || i.Sources != sources || i.Ending {
		return nil, ctx.Err()
	}
	return c, nil
}

// Info returns a description of the server, or an error if it does not answer.
func (c *Client) Info(ctx context.Context) (i Info, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	m, err := c.ask(ctx, Question{}, func(Message) {})
	if err != nil {
		return i, err
	}
	return i, json.Unmarshal(m.Result, &i)
}

// ask sends a question and returns the last message of the answer. told receives the others.
func (c *Client) ask(ctx context.Context, q Question, told func(Message)) (last Message, err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", c.socket)
	if err != nil {
		return Message{}, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if err := json.NewEncoder(conn).Encode(q); err != nil {
		return Message{}, err
	}
	for lines := json.NewDecoder(conn); ; {
		var m Message
		if err := lines.Decode(&m); err != nil {
			return Message{}, err
		}
		if m.Result != nil || m.Error != "" || m.Ending {
			return m, nil
		}
		told(m)
	}
}

// retire ends the present server as soon as it is idle, and waits for its end.
func (p place) retire(ctx context.Context, say func(string)) error {
	c, err := p.client()
	if err != nil {
		return err
	}
	said := false
	for {
		i, err := c.Info(ctx)
		if err != nil {
			return ctx.Err() // there is no server, or the context has ended
		}
		if len(i.Busy) > 0 && !said {
			said = true
			say(fmt.Sprintf("The sources of essnas have changed, but a server that was built from the old sources is at work (essnas %s). This cell waits for its end.", strings.Join(i.Busy, "; essnas ")))
		}
		if !i.Ending {
			if err := c.quit(ctx, "idle"); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Quit asks the server to end. It returns an error if the server does not answer.
func (c *Client) Quit(ctx context.Context) error { return c.quit(ctx, "now") }

func (c *Client) quit(ctx context.Context, how string) error {
	_, err := c.ask(ctx, Question{Quit: how}, func(Message) {})
	return err
}

// start starts the server's program as a detached process, and connects to it.
func (p place) start(ctx context.Context, sources string) (*Client, error) {
	log, err := os.OpenFile(p.log(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command := exec.Command(p.program(), "serve")
	command.Dir, command.Env = p.Root, environment(p.Root)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("the server can't be started: %w", err)
	}
	ended := make(chan struct{})
	go func() { command.Wait(); close(ended) }()
	c, err := p.client()
	if err != nil {
		return nil, err
	}
	for {
		if i, err := c.Info(ctx); err == nil && i.Sources != sources {
			return nil, errChanged
		} else if err == nil {
			return c, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-ended:
			text, _ := os.ReadFile(p.log())
			return nil, fmt.Errorf("the server has ended at once: %s", bytes.TrimSpace(text))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Do executes a command; told receives the messages before the end. Do returns the server's error,
// [ErrDied], or the error of ctx.
func (c *Client) Do(ctx context.Context, r Request, told func(Message)) (json.RawMessage, error) {
	m, err := c.ask(ctx, Question{Do: &r}, told)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("%w (%v)", ErrDied, err)
	case m.Ending:
		return nil, errEnding
	case m.Error != "":
		return nil, errors.New(m.Error)
	}
	return m.Result, nil
}

// Stop ends the server of a checkout if there is one. It returns an error if the server does not
// answer.
func Stop(ctx context.Context, c checkout.Tree) error {
	p, err := placeOf(c)
	if err != nil {
		return err
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	if _, err := client.Info(ctx); err != nil {
		return nil
	}
	return client.Quit(ctx)
}

// environment returns the environment of the server. It leaves out the variables that each client
// passes by flags.
func environment(root string) (kept []string) {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !slices.Contains([]string{"ESSNAS_DATA", "ESSNAS_RUNS", "ESSNAS_BACKEND", "ESSNAS_ROOT"}, name) && !strings.HasPrefix(name, "GONB_") {
			kept = append(kept, variable)
		}
	}
	return append(kept, "ESSNAS_ROOT="+root)
}
