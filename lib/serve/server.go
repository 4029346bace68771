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
	cancel  context.CancelFunc // ends the server

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
	forlorn = 5 * time.Second // how long the server outlives its owners: a kernel that is restarted finds it warm
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
	lock := flock.New(filepath.Join(p.dir, "server.lock"))
	if ok, err := lock.TryLock(); err != nil {
		return err
	} else if !ok {
		return ErrRunning
	}
	defer lock.Close()
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
	ctx, s.cancel = context.WithCancel(ctx)
	defer s.cancel()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /do", s.do)
	mux.HandleFunc("GET /info", s.info)
	mux.HandleFunc("POST /quit", func(w http.ResponseWriter, _ *http.Request) { s.cancel() })
	server := &http.Server{Handler: mux, BaseContext: func(net.Listener) context.Context { return ctx }}
	go s.watch(ctx)
	served := make(chan error, 1)
	go func() { served <- server.Serve(ownOnly{l}) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	end, stop := context.WithTimeout(context.Background(), 20*time.Second) // for what is under way to be saved
	defer stop()
	return server.Shutdown(end)
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
func (s *Server) watch(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if s.needless(now) {
				s.cancel()
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

func (s *Server) begin(r Request) (number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Owner > 1 {
		s.owners[r.Owner] = true
	}
	s.next++
	s.busy[s.next] = strings.Join(r.Args, " ")
	return s.next
}

func (s *Server) end(number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, number)
	s.since, s.rested = time.Now(), false
}

func (s *Server) info(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := Info{PID: os.Getpid(), Sources: s.sources}
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
	defer s.end(number)
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
	if err != nil {
		tell(Message{Error: s.Explain(err)})
		return
	}
	tell(Message{Result: result})
}

// guarded makes errors of panics.
func (s *Server) guarded(ctx context.Context, args []string, tell func(Message)) (result json.RawMessage, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error: %v", r)
		}
	}()
	return s.Do(ctx, args, tell)
}
