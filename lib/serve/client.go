package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/essnas/essnas/lib/internal/home"
	"github.com/gofrs/flock"
)

// Client asks a server.
type Client struct{ http http.Client }

// ErrDied is the error of a request whose server has ended without an answer.
var ErrDied = errors.New("the server that computes has ended in the middle of the work, most likely for want of memory; run the cell again to go on from the last checkpoint")

// Dial connects to the server of a checkout. It starts one if there is none that is up to date, which say hears of: building it can take a minute.
func Dial(ctx context.Context, c home.Checkout, say func(string)) (*Client, error) {
	p, err := placeOf(c)
	if err != nil {
		return nil, err
	}
	sources, err := c.Sources()
	if err != nil {
		return nil, err
	}
	if client := p.connect(ctx, sources); client != nil {
		return client, nil
	}
	lock := flock.New(filepath.Join(p.dir, "start.lock")) // two cells that start together start one server
	if ok, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil || !ok {
		return nil, err
	}
	defer lock.Close()
	if client := p.connect(ctx, sources); client != nil {
		return client, nil
	}
	if err := p.retire(ctx); err != nil {
		return nil, err
	}
	if err := Build(ctx, c, say); err != nil {
		return nil, err
	}
	return p.start(ctx, sources)
}

// client is one for the socket, whoever is at its other end.
func (p place) client() (*Client, error) {
	socket, err := p.socket()
	if err != nil {
		return nil, err
	}
	return &Client{http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}}, nil
}

// connect is nil where no server made from these sources answers.
func (p place) connect(ctx context.Context, sources string) *Client {
	c, err := p.client()
	if err != nil {
		return nil
	}
	if i, err := c.Info(ctx); err != nil || i.Sources != sources {
		return nil
	}
	return c
}

// Info asks what the server is.
func (c *Client) Info(ctx context.Context) (i Info, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://essnas/info", nil)
	if err != nil {
		return i, err
	}
	r, err := c.http.Do(q)
	if err != nil {
		return i, err
	}
	defer r.Body.Close()
	return i, json.NewDecoder(r.Body).Decode(&i)
}

// retire ends the server that is there, unless it is at work, and waits for its end.
func (p place) retire(ctx context.Context) error {
	c, err := p.client()
	if err != nil {
		return err
	}
	i, err := c.Info(ctx)
	if err != nil {
		return nil // there is none
	}
	if len(i.Busy) > 0 {
		return fmt.Errorf("the sources of essnas have changed, but the server that was built from the old ones is at work (essnas %s): wait for it or interrupt it, then run this cell again", strings.Join(i.Busy, "; essnas "))
	}
	if err := c.Quit(ctx); err != nil {
		return err
	}
	for range 100 {
		if now, err := c.Info(ctx); err != nil || now.PID != i.PID {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("the old server (process %d) does not end: end it by kill %d, then run this cell again", i.PID, i.PID)
}

// Quit asks the server to end.
func (c *Client) Quit(ctx context.Context) error {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://essnas/quit", nil)
	if err != nil {
		return err
	}
	r, err := c.http.Do(q)
	if err == nil {
		r.Body.Close()
	}
	return err
}

// start starts the server's program, detached, and connects.
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
	for {
		if c := p.connect(ctx, sources); c != nil {
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

// Do asks for a command; told hears what comes before the end. The error of an interrupted one is the server's sentence, or ctx's.
func (c *Client) Do(ctx context.Context, r Request, told func(Message)) (json.RawMessage, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://essnas/do", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	answer, err := c.http.Do(q)
	if err != nil {
		return nil, dead(ctx, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1000))
		return nil, fmt.Errorf("the server refuses: %s", bytes.TrimSpace(text))
	}
	lines := json.NewDecoder(answer.Body)
	for {
		var m Message
		if err := lines.Decode(&m); err != nil {
			return nil, dead(ctx, err)
		}
		switch {
		case m.Error != "":
			return nil, errors.New(m.Error)
		case m.Result != nil:
			return m.Result, nil
		}
		told(m)
	}
}

func dead(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w (%v)", ErrDied, err)
}

// Stop ends the server of a checkout if there is one.
func Stop(ctx context.Context, c home.Checkout) error {
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

// environment is what the server gets of the environment: not what clients choose one by one, in flags.
func environment(root string) (kept []string) {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !slices.Contains([]string{"ESSNAS_DATA", "ESSNAS_RUNS", "ESSNAS_BACKEND", "ESSNAS_ROOT"}, name) && !strings.HasPrefix(name, "GONB_") {
			kept = append(kept, variable)
		}
	}
	return append(kept, "ESSNAS_ROOT="+root)
}
