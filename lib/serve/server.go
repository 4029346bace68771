package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/essnas/essnas/lib/internal/checkout"
	"github.com/gofrs/flock"
)

// Server answers requests.
type Server struct {
	// Do executes a command with these arguments. tell sends messages to the client. The result is
	// JSON.
	Do func(ctx context.Context, args []string, tell func(Message)) (json.RawMessage, error)
	// Explain turns an error into a sentence.
	Explain func(error) string
	// Rest, if not nil, is called after some idle minutes and frees memory that can be restored.
	Rest func()

	sources string
	life    context.Context // of the server
	cancel  context.CancelFunc

	mu     sync.Mutex
	owners map[int]bool
	busy   map[int]string // running commands, by the number of the request
	next   int
	since  time.Time // beginning of the idle time
	rested bool      // Rest has been called since
}

const (
	rest = 5 * time.Minute
	idle = 30 * time.Minute
	// time for which the server outlives its owners, so that a restarted kernel finds it warm
	forlorn = 5 * time.Second
	asking  = 10 * time.Second // limit of a client's time to ask
	// pause before another connection is accepted if the system had no room
	retry  = 100 * time.Millisecond
	saving = 20 * time.Second // limit of the time to save running commands at the end
)

// ErrRunning is the error of a second server of a checkout.
var ErrRunning = errors.New("a server of this checkout is running already")

// Run serves until the context ends, the last owner has ended, or a client asks it to quit. It
// returns [ErrRunning] if there is another server. It returns an error if it can't listen, or if
// running commands were not saved in time.
func (s *Server) Run(ctx context.Context, c checkout.Tree) error {
	p, err := placeOf(c)
	if err != nil {
		return err
	}
	socket, err := p.socket()
	if err != nil {
		return err
	}
	lock, err := p.own(ctx)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := os.WriteFile(p.pid(), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return err
	}
	if s.sources, err = c.Sources(); err != nil {
		return err
	}
	// This process has the lock, so the socket is that of a killed server.
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		return err
	}
	old := syscall.Umask(0o177)
	l, err := net.Listen("unix", socket)
	syscall.Umask(old)
	if err != nil {
		return err
	}
	s.owners, s.busy, s.since = map[int]bool{}, map[int]string{}, time.Now()
	s.life, s.cancel = context.WithCancel(ctx)
	defer s.cancel()
	go s.watch()
	served := make(chan error, 1)
	go func() { served <- s.serve(ownOnly{l}) }()
	<-s.life.Done()
	l.Close()
	select {
	case err := <-served:
		return err
	case <-time.After(saving):
		return fmt.Errorf("running commands have not saved within %v", saving)
	}
}

// serve answers until the listener is closed and all requests are answered.
func (s *Server) serve(l net.Listener) error {
	var open sync.WaitGroup
	defer open.Wait()
	for {
		conn, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ENOMEM):
			// There is room when other connections end.
			select {
			case <-s.life.Done():
			case <-time.After(retry):
			}
			continue
		case err != nil:
			s.cancel()
			return err
		}
		open.Go(func() {
			defer conn.Close()
			s.answer(conn)
		})
	}
}

// own takes the lock that a server holds for its life. It waits for a server that is ending.
func (p place) own(ctx context.Context) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(p.dir, "server.lock"))
	if ok, err := lock.TryLock(); ok || err != nil {
		return lock, err
	}
	if c, err := p.client(); err != nil {
		return nil, err
	} else if i, err := c.Info(ctx); err == nil && !i.Ending {
		return nil, ErrRunning
	}
	wait, stop := context.WithTimeout(ctx, saving+5*time.Second)
	defer stop()
	if ok, _ := lock.TryLockContext(wait, 50*time.Millisecond); !ok {
		pid, _ := os.ReadFile(p.pid())
		return nil, fmt.Errorf("a server of this checkout does not answer: end it with kill -9 %s", pid)
	}
	return lock, nil
}

// ownOnly accepts connections of the server's own user only.
type ownOnly struct{ net.Listener }

func (l ownOnly) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || own(c.(*net.UnixConn)) {
			return c, err
		}
		c.Close()
	}
}

// watch ends the server once it is no longer needed.
func (s *Server) watch() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-s.life.Done():
			return
		case now := <-tick.C:
			if s.needless(now) {
				s.end(true)
			} else if s.tired(now) {
				s.Rest()
			}
		}
	}
}

func (s *Server) needless(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for owner := range s.owners {
		if err := syscall.Kill(owner, 0); errors.Is(err, syscall.ESRCH) {
			delete(s.owners, owner)
		}
	}
	if len(s.busy) > 0 {
		s.since = now
		return false
	}
	patience := idle
	if len(s.owners) == 0 {
		patience = forlorn
	}
	return now.Sub(s.since) > patience
}

// tired reports, once, a long idle time.
func (s *Server) tired(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Rest == nil || s.rested || len(s.busy) > 0 || now.Sub(s.since) <= rest {
		return false
	}
	s.rested = true
	return true
}

// end ends the server and reports whether it does. With idle it ends the server only if it is idle.
func (s *Server) end(idle bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if idle && len(s.busy) > 0 {
		return false
	}
	s.cancel()
	return true
}

// begin registers a request and returns its number, or 0 if the server is ending.
func (s *Server) begin(r Request) (number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.Err() != nil {
		return 0
	}
	if r.Owner > 1 {
		s.owners[r.Owner] = true
	}
	s.next++
	s.busy[s.next] = strings.Join(r.Args, " ")
	return s.next
}

func (s *Server) done(number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, number)
	s.since, s.rested = time.Now(), false
}

func (s *Server) info() (i Info) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i = Info{PID: os.Getpid(), Sources: s.sources, Ending: s.life.Err() != nil}
	for _, what := range s.busy {
		i.Busy = append(i.Busy, what)
	}
	return i
}

// answer answers a client's question.
func (s *Server) answer(conn net.Conn) {
	out := json.NewEncoder(conn)
	in := json.NewDecoder(io.LimitReader(conn, 1<<20))
	in.DisallowUnknownFields()
	conn.SetReadDeadline(time.Now().Add(asking))
	var q Question
	if err := in.Decode(&q); err != nil {
		out.Encode(Message{Error: fmt.Sprintf("the server refuses: this is no question (%v)", err)})
		return
	}
	conn.SetReadDeadline(time.Time{})
	switch {
	case q.Do != nil:
		s.do(conn, *q.Do)
	case q.Quit != "" && !s.end(q.Quit == "idle"):
		out.Encode(Message{Error: "the server is at work"})
	case q.Quit != "":
		out.Encode(Message{Result: json.RawMessage("null")})
	default:
		i, err := json.Marshal(s.info())
		if err != nil {
			out.Encode(Message{Error: err.Error()})
			return
		}
		out.Encode(Message{Result: i})
	}
}

func (s *Server) do(conn net.Conn, r Request) {
	number := s.begin(r)
	if number == 0 {
		json.NewEncoder(conn).Encode(Message{Ending: true})
		return
	}
	defer s.done(number)
	ctx, cancel := context.WithCancel(s.life)
	defer cancel()
	go func() {
		io.Copy(io.Discard, conn) // the client sends nothing more, so this returns when the client ends
		cancel()
	}()
	client := newSpeaker(conn)
	defer client.finish()
	tell := client.tell
	result, err := s.guarded(ctx, r.Args, tell)
	switch {
	case err != nil && s.life.Err() != nil:
		tell(Message{Error: stopped})
	case err != nil:
		tell(Message{Error: s.Explain(err)})
	default:
		tell(Message{Result: result})
	}
}

// stopped is the message to clients whose command was interrupted by the end of the server.
const stopped = "the server that computes was told to end (essnas serve --stop), and has saved its work: run the cell again to continue"

// guarded turns panics into errors.
func (s *Server) guarded(ctx context.Context, args []string, tell func(Message)) (result json.RawMessage, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error: %v", r)
		}
	}()
	return s.Do(ctx, args, tell)
}
