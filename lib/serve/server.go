package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/essnas/essnas/lib/internal/home"
	"github.com/gofrs/flock"
)

// Server answers requests.
type Server struct {
	// Do does what a request's arguments ask for. What it tells comes to the client; its result is JSON.
	Do func(ctx context.Context, args []string, tell func(Message)) (json.RawMessage, error)
	// Explain makes a sentence of an error.
	Explain func(error) string
	// Rest is called when there has been nothing to do for some minutes: it frees what can be made again. nil: nothing is kept.
	Rest func()

	sources string
	life    context.Context // of the server
	cancel  context.CancelFunc

	mu     sync.Mutex
	owners map[int]bool
	busy   map[int]string // by the request's number
	next   int
	since  time.Time // when there last was something to do
	rested bool      // Rest was called since
}

const (
	rest    = 5 * time.Minute
	idle    = 30 * time.Minute
	forlorn = 5 * time.Second  // how long the server outlives its owners: a kernel that is restarted finds it warm
	saving  = 20 * time.Second // how long what is under way may take to be saved when the server ends
)

// ErrRunning says that there is a server already.
var ErrRunning = errors.New("a server of this checkout is running already")

// Run serves until the context ends, nobody needs the server any more, or a client asks it to quit.
func (s *Server) Run(ctx context.Context, c home.Checkout) error {
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
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) { // of one that was killed: the lock is ours
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
	mux := http.NewServeMux()
	mux.HandleFunc("POST /do", s.do)
	mux.HandleFunc("GET /info", s.info)
	mux.HandleFunc("POST /quit", s.quit)
	server := &http.Server{Handler: mux, BaseContext: func(net.Listener) context.Context { return s.life }}
	go s.watch()
	served := make(chan error, 1)
	go func() { served <- server.Serve(ownOnly{l}) }()
	select {
	case err := <-served:
		return err
	case <-s.life.Done():
	}
	end, stop := context.WithTimeout(context.Background(), saving)
	defer stop()
	return server.Shutdown(end)
}

// own takes the lock that a server has for its life. One that is ending is waited for.
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
		return nil, fmt.Errorf("there is a server of this checkout that does not answer: end it by kill -9 %s", pid)
	}
	return lock, nil
}

// ownOnly accepts connections of the server's own user.
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

// watch ends the server when nobody needs it any more.
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

// tired says, once, that there has been nothing to do for some time.
func (s *Server) tired(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Rest == nil || s.rested || len(s.busy) > 0 || now.Sub(s.since) <= rest {
		return false
	}
	s.rested = true
	return true
}

// end ends the server, if that is idle or need not be, and says whether it does.
func (s *Server) end(idle bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if idle && len(s.busy) > 0 {
		return false
	}
	s.cancel()
	return true
}

func (s *Server) quit(w http.ResponseWriter, q *http.Request) {
	if !s.end(q.URL.Query().Has("idle")) {
		http.Error(w, "the server is at work", http.StatusConflict)
	}
}

// begin notes a request; a server that is ending takes none, which the number 0 says.
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

func (s *Server) info(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := Info{PID: os.Getpid(), Sources: s.sources, Ending: s.life.Err() != nil}
	for _, what := range s.busy {
		i.Busy = append(i.Busy, what)
	}
	json.NewEncoder(w).Encode(i)
}

func (s *Server) do(w http.ResponseWriter, q *http.Request) {
	var r Request
	if err := json.NewDecoder(http.MaxBytesReader(w, q.Body, 1<<20)).Decode(&r); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	number := s.begin(r)
	if number == 0 {
		http.Error(w, "the server is ending", http.StatusServiceUnavailable)
		return
	}
	defer s.done(number)
	var mu sync.Mutex // figures come from other goroutines than the rest
	ended := false
	out, control := json.NewEncoder(w), http.NewResponseController(w)
	tell := func(m Message) {
		mu.Lock()
		defer mu.Unlock()
		if ended || out.Encode(m) != nil { // a client that is gone has cancelled the context
			return
		}
		ended = m.Result != nil || m.Error != ""
		control.Flush()
	}
	result, err := s.guarded(q.Context(), r.Args, tell)
	switch {
	case err != nil && s.life.Err() != nil:
		tell(Message{Error: stopped})
	case err != nil:
		tell(Message{Error: s.Explain(err)})
	default:
		tell(Message{Result: result})
	}
}

// stopped is what a client hears whose command was under way when somebody ended the server.
const stopped = "the server that computes was told to end (essnas serve --stop), and has saved what it was at work on: run the cell again to go on"

// guarded makes errors of panics.
func (s *Server) guarded(ctx context.Context, args []string, tell func(Message)) (result json.RawMessage, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error: %v", r)
		}
	}()
	return s.Do(ctx, args, tell)
}
