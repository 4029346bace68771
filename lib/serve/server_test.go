package serve

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/internal/checkout"
	"github.com/janpfeifer/must"
)

// sources is a directory that passes for a checkout.
func sources(t *testing.T) checkout.Tree {
	t.Helper()
	t.Setenv("ESSNAS_CACHE", filepath.Join(t.TempDir(), "cache"))
	root := t.TempDir()
	must.M(os.Mkdir(filepath.Join(root, "lib"), 0o755))
	for _, name := range []string{"go.mod", "go.sum", "lib/some.go"} {
		must.M(os.WriteFile(filepath.Join(root, name), nil, 0o644))
	}
	return checkout.Tree{Root: root}
}

// run runs a server in this process until the test ends, or stop is called, which returns its
// error.
func run(t *testing.T, c checkout.Tree, s *Server) (client *Client, stop func() error) {
	t.Helper()
	if s.Explain == nil {
		s.Explain = error.Error
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, c) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { stop() })
	p := must.M1(placeOf(c))
	for start := time.Now(); time.Since(start) < 20*time.Second; time.Sleep(5 * time.Millisecond) {
		if client, err := p.connect(t.Context(), must.M1(c.Sources())); client != nil {
			return client, stop
		} else if err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("the server does not answer: %v", stop())
	return nil, nil
}

// parrot says what it is asked, and answers with it.
func parrot(_ context.Context, args []string, tell func(Message)) (json.RawMessage, error) {
	for _, a := range args {
		tell(Message{Say: a})
	}
	return json.Marshal(args)
}

func TestAClientHearsMessagesInTheirOrderAndThenTheResult(t *testing.T) {
	client, _ := run(t, sources(t), &Server{Do: parrot})
	var heard []string
	result, err := client.Do(t.Context(), Request{Args: []string{"a", "b\nc", "d"}}, func(m Message) { heard = append(heard, m.Say) })
	if err != nil || string(result) != `["a","b\nc","d"]` || strings.Join(heard, "|") != "a|b\nc|d" {
		t.Errorf("heard %q, result %s, %v", heard, result, err)
	}
}

func TestErrorsAndPanicsAreASentenceAndTheServerGoesOn(t *testing.T) {
	client, _ := run(t, sources(t), &Server{
		Explain: func(err error) string { return "it is so: " + err.Error() },
		Do: func(_ context.Context, args []string, _ func(Message)) (json.RawMessage, error) {
			if args[0] == "panic" {
				panic("at the disco")
			}
			return nil, errors.New("no luck")
		},
	})
	for ask, want := range map[string]string{"panic": "it is so: internal error: at the disco", "fail": "it is so: no luck"} {
		if _, err := client.Do(t.Context(), Request{Args: []string{ask}}, func(Message) {}); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %q", ask, err, want)
		}
	}
}

func TestWhatIsNoRequestIsRefused(t *testing.T) {
	c := sources(t)
	client, _ := run(t, c, &Server{Do: parrot})
	for law, text := range map[string]string{
		"no JSON":       "search",
		"another shape": `{"do": "search"}`,
		"another field": `{"args": ["search"]}`,
		"too long":      `{"do": {"args": ["` + strings.Repeat("x", 1<<20) + `"]}}`,
	} {
		conn := must.M1(net.Dial("unix", client.socket))
		go io.WriteString(conn, text+"\n")
		var m Message
		if err := json.NewDecoder(conn).Decode(&m); err != nil || !strings.Contains(m.Error, "refuses") {
			t.Errorf("%s: %+v, %v", law, m, err)
		}
		conn.Close()
	}
	if _, err := client.Do(t.Context(), Request{Args: []string{"x"}}, func(Message) {}); err != nil {
		t.Errorf("after that: %v", err)
	}
}

func TestTheSocketIsTheUsersAlone(t *testing.T) {
	for law, cache := range map[string]string{"in the cache": "cache", "where the cache's name is too long for a socket": strings.Repeat("long/", 40)} {
		t.Run(law, func(t *testing.T) {
			c := sources(t)
			t.Setenv("TMPDIR", t.TempDir())
			t.Setenv("ESSNAS_CACHE", filepath.Join(t.TempDir(), cache))
			old := syscall.Umask(0)
			defer syscall.Umask(old)
			run(t, c, &Server{Do: parrot})
			socket := must.M1(must.M1(placeOf(c)).socket())
			for path, want := range map[string]os.FileMode{socket: os.ModeSocket | 0o600, filepath.Dir(socket): os.ModeDir | 0o700} {
				if info := must.M1(os.Lstat(path)); info.Mode() != want {
					t.Errorf("%s has the mode %v, want %v", path, info.Mode(), want)
				}
			}
		})
	}
}

func TestADirectoryOfAnotherUserHoldsNoSocket(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a directory away")
	}
	c := sources(t)
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("ESSNAS_CACHE", filepath.Join(t.TempDir(), strings.Repeat("long/", 40)))
	p := must.M1(placeOf(c))
	private := filepath.Dir(must.M1(p.socket()))
	must.M(os.Chown(private, 65534, -1))
	if err := (&Server{Do: parrot}).Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), "another user") {
		t.Errorf("the server's error is %v, want one that names the other user", err)
	}
}

// as connects as another user. Linux keeps a user for every thread: this one's is another for a
// moment.
func as(t *testing.T, uid int, socket string) net.Conn {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	become := func(uid int) {
		if _, _, e := syscall.RawSyscall(syscall.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0)); e != 0 {
			t.Fatal(e)
		}
	}
	fd := must.M1(syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0))
	become(uid)
	err := syscall.Connect(fd, &syscall.SockaddrUnix{Name: socket})
	become(0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), socket)
	defer f.Close()
	return must.M1(net.FileConn(f))
}

func TestOtherUsersAreRefusedEvenWhereTheyCanReachTheSocket(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	// a name that isn't in the file system
	l := ownOnly{must.M1(net.Listen("unix", "@essnas-test-"+filepath.Base(t.TempDir())+strings.ReplaceAll(t.Name(), "/", "")))}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Write([]byte("welcome"))
			c.Close()
		}
	}()
	for uid, want := range map[int]string{0: "welcome", 65534: ""} {
		c := as(t, uid, l.Addr().String())
		c.SetReadDeadline(time.Now().Add(20 * time.Second))
		var got [16]byte
		n, _ := c.Read(got[:])
		if string(got[:n]) != want {
			t.Errorf("user %d reads %q, want %q", uid, got[:n], want)
		}
		c.Close()
	}
}

func TestTwoClientsAreServedAtATime(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	client, _ := run(t, sources(t), &Server{Do: func(_ context.Context, args []string, _ func(Message)) (json.RawMessage, error) {
		both.Done()
		both.Wait() // would never end, did one wait for the other
		return json.Marshal(args)
	}})
	var done sync.WaitGroup
	for _, arg := range []string{"one", "two"} {
		done.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if result, err := client.Do(ctx, Request{Args: []string{arg}}, func(Message) {}); err != nil || string(result) != `["`+arg+`"]` {
				t.Errorf("%s: %s, %v", arg, result, err)
			}
		})
	}
	done.Wait()
}

func TestAClientThatGoesCancelsItsCommandAndNoOther(t *testing.T) {
	begun, cancelled := make(chan string, 2), make(chan string, 2)
	release := make(chan bool)
	client, _ := run(t, sources(t), &Server{Do: func(ctx context.Context, args []string, _ func(Message)) (json.RawMessage, error) {
		begun <- args[0]
		select {
		case <-ctx.Done():
			cancelled <- args[0]
			return nil, ctx.Err()
		case <-release:
			return json.RawMessage(`true`), nil
		}
	}})
	ctx, cancel := context.WithCancel(t.Context())
	gone, stays := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := client.Do(ctx, Request{Args: []string{"goes"}}, func(Message) {})
		gone <- err
	}()
	go func() {
		_, err := client.Do(t.Context(), Request{Args: []string{"stays"}}, func(Message) {})
		stays <- err
	}()
	<-begun
	<-begun
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the client that went has %v, want its own context's error", err)
	}
	if which := <-cancelled; which != "goes" {
		t.Errorf("%q was cancelled", which)
	}
	close(release)
	if err := <-stays; err != nil {
		t.Errorf("the client that stayed has %v", err)
	}
}

// ended is a process that is no more.
func ended(t *testing.T) int {
	t.Helper()
	c := exec.Command("true")
	must.M(c.Run())
	return c.Process.Pid
}

func TestTheServerIsNeedlessWithoutOwnersOrWork(t *testing.T) {
	s := &Server{owners: map[int]bool{}, busy: map[int]string{}, since: time.Now()}
	s.life, s.cancel = context.WithCancel(t.Context())
	defer s.cancel()
	after := func(d time.Duration) bool { return s.needless(s.since.Add(d)) }
	if after(forlorn-1) || !after(forlorn+1) {
		t.Errorf("a server without owners does not end after %v", forlorn)
	}
	s.done(s.begin(Request{Owner: os.Getpid()}))
	if after(idle-1) || !after(idle+1) {
		t.Errorf("a server with an owner that asks nothing does not end after %v", idle)
	}
	number := s.begin(Request{Owner: os.Getpid()})
	if after(idle + 1) {
		t.Error("a server that is at work ends")
	}
	s.done(number)
	s.owners = map[int]bool{ended(t): true}
	if after(forlorn-1) || !after(forlorn+1) {
		t.Errorf("a server whose owner has ended does not end after %v", forlorn)
	}
}

func TestAServerRestsOnceAfterItsWork(t *testing.T) {
	s := &Server{owners: map[int]bool{}, busy: map[int]string{}, Rest: func() {}, since: time.Now()}
	s.life, s.cancel = context.WithCancel(t.Context())
	defer s.cancel()
	tired := func(d time.Duration) bool { return s.tired(s.since.Add(d)) }
	if tired(rest-1) || !tired(rest+1) || tired(rest+2) {
		t.Errorf("it does not rest once after %v", rest)
	}
	number := s.begin(Request{})
	if tired(2 * rest) {
		t.Error("it rests at work")
	}
	s.done(number)
	if tired(rest-1) || !tired(rest+1) {
		t.Error("it does not rest again after it has worked again")
	}
}

func TestAServerWhoseOwnersHaveEndedEnds(t *testing.T) {
	client, _ := run(t, sources(t), &Server{Do: parrot})
	if _, err := client.Do(t.Context(), Request{Args: []string{"x"}, Owner: ended(t)}, func(Message) {}); err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		if _, err := client.Info(t.Context()); err != nil {
			return
		}
		if time.Since(start) > forlorn+20*time.Second {
			t.Fatal("it is still there")
		}
	}
}

func TestAServerAtWorkEndsOnlyIfItMust(t *testing.T) {
	begun := make(chan bool)
	c := sources(t)
	client, stop := run(t, c, &Server{Do: func(ctx context.Context, _ []string, _ func(Message)) (json.RawMessage, error) {
		close(begun)
		<-ctx.Done()
		time.Sleep(300 * time.Millisecond) // what it is at work on is saved
		return nil, ctx.Err()
	}})
	answered := make(chan error, 1)
	go func() {
		_, err := client.Do(t.Context(), Request{Args: []string{"some", "work"}}, func(Message) {})
		answered <- err
	}()
	<-begun
	must.M(client.quit(t.Context(), "idle"))
	if i := must.M1(client.Info(t.Context())); i.Ending || len(i.Busy) != 1 || i.Busy[0] != "some work" {
		t.Errorf("a server at work that is asked to end if it is idle says %+v", i)
	}
	must.M(client.Quit(t.Context()))
	if err := <-answered; err == nil || err.Error() != stopped {
		t.Errorf("the client hears %v, want %q", err, stopped)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := client.Info(t.Context()); err == nil {
		t.Error("a server that was asked to end is still there")
	}
}

func TestThereIsOneServer(t *testing.T) {
	c := sources(t)
	_, stop := run(t, c, &Server{Do: parrot})
	if err := (&Server{Do: parrot}).Run(t.Context(), c); !errors.Is(err, ErrRunning) {
		t.Errorf("a second server: %v, want %v", err, ErrRunning)
	}
	must.M(stop())
	run(t, c, &Server{Do: parrot})
}

func TestASocketThatAKilledServerHasLeftIsNoHindrance(t *testing.T) {
	c := sources(t)
	socket := must.M1(must.M1(placeOf(c)).socket())
	l := must.M1(net.ListenUnix("unix", &net.UnixAddr{Name: socket}))
	l.SetUnlinkOnClose(false)
	must.M(l.Close())
	if _, err := os.Lstat(socket); err != nil {
		t.Fatal(err)
	}
	client, _ := run(t, c, &Server{Do: parrot})
	if _, err := client.Do(t.Context(), Request{Args: []string{"x"}}, func(Message) {}); err != nil {
		t.Error(err)
	}
}
