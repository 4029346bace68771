package serve

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/internal/checkout"
	"github.com/janpfeifer/must"
)

// program is the server of a checkout that has this package and no laboratory. What it does is
//
//	pid           says its process
//	count FILE N  counts in the file from what is there up to N, a number every 10 ms, and says at which it begins
//	die FILE      dies where there is no file, and makes it
//	die           dies
const program = `package main

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/essnas/essnas/lib/internal/checkout"
	"github.com/essnas/essnas/lib/serve"
)

func main() {
	c, err := checkout.Find()
	if err == nil {
		err = (&serve.Server{Explain: error.Error, Do: do}).Run(context.Background(), c)
	}
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
}

func do(ctx context.Context, args []string, tell func(serve.Message)) (json.RawMessage, error) {
	switch args[0] {
	case "count":
		text, _ := os.ReadFile(args[1])
		n, _ := strconv.Atoi(string(text))
		most, _ := strconv.Atoi(args[2])
		tell(serve.Message{Say: "from " + strconv.Itoa(n)})
		for ; n < most; n++ {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(10 * time.Millisecond):
			}
			if err := os.WriteFile(args[1], []byte(strconv.Itoa(n+1)), 0o600); err != nil {
				return nil, err
			}
			tell(serve.Message{Status: strconv.Itoa(n+1)})
		}
		return json.Marshal(n)
	case "die":
		if len(args) > 1 {
			if _, err := os.Stat(args[1]); err == nil {
				break
			}
			os.WriteFile(args[1], nil, 0o600)
		}
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return json.Marshal(os.Getpid())
}
`

// small is such a checkout. Its server is ended with the test.
func small(t *testing.T) checkout.Tree {
	t.Helper()
	if testing.Short() {
		t.Skip("a program is built")
	}
	from := must.M1(checkout.Find())
	c := checkout.Tree{Root: t.TempDir()}
	write := func(path string, text []byte) {
		path = filepath.Join(c.Root, path)
		must.M(os.MkdirAll(filepath.Dir(path), 0o755))
		must.M(os.WriteFile(path, text, 0o644))
	}
	files := []string{"go.mod", "go.sum"}
	for _, dir := range []string{"lib/serve", "lib/internal/checkout", "lib/internal/cachedir", "lib/internal/atomicfile"} {
		for _, file := range must.M1(filepath.Glob(filepath.Join(from.Root, dir, "*.go"))) {
			if !strings.HasSuffix(file, "_test.go") {
				files = append(files, filepath.Join(dir, filepath.Base(file)))
			}
		}
	}
	for _, file := range files {
		write(file, must.M1(os.ReadFile(filepath.Join(from.Root, file))))
	}
	write("lib/cmd/essnas/main.go", []byte(program))
	t.Setenv("ESSNAS_CACHE", t.TempDir())
	t.Setenv("ESSNAS_ROOT", "")
	t.Cleanup(func() { Stop(context.Background(), c) })
	return c
}

// edit changes a source.
func edit(t *testing.T, c checkout.Tree) {
	t.Helper()
	f := must.M1(os.OpenFile(filepath.Join(c.Root, "lib/cmd/essnas/main.go"), os.O_APPEND|os.O_WRONLY, 0))
	must.M1(f.WriteString("\n// edited\n"))
	must.M(f.Close())
}

// asked is what came of a request.
type asked struct {
	result string
	err    error
	said   []string // before it was asked, and by the server
}

func (a asked) all() string { return strings.Join(a.said, "\n") }

// ask asks as a cell does. status, if any, hears how far things are.
func ask(t *testing.T, c checkout.Tree, status func(string), args ...string) (a asked) {
	t.Helper()
	var mu sync.Mutex
	say := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		a.said = append(a.said, text)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	result, err := Ask(ctx, c, Request{Args: args, Owner: os.Getpid()}, say, func(m Message) {
		if m.Say != "" {
			say(m.Say)
		} else if status != nil {
			status(m.Status)
		}
	})
	a.result, a.err = string(result), err
	return a
}

func pid(t *testing.T, c checkout.Tree) int {
	t.Helper()
	a := ask(t, c, nil, "pid")
	if a.err != nil {
		t.Fatal(a.err, a.all())
	}
	return must.M1(strconv.Atoi(a.result))
}

func TestTheFirstWhoAsksStartsAServerThatTheNextFind(t *testing.T) {
	c := small(t)
	var first [3]int
	var all sync.WaitGroup // at a time
	for i := range first {
		all.Go(func() { first[i] = pid(t, c) })
	}
	all.Wait()
	if first[0] != first[1] || first[1] != first[2] || pid(t, c) != first[0] {
		t.Errorf("servers %v, want one", first)
	}
	if sid, _, _ := syscall.RawSyscall(syscall.SYS_GETSID, uintptr(first[0]), 0, 0); int(sid) != first[0] {
		t.Errorf("the server is in session %d, and would end with it", sid)
	}
}

func TestAServerThatIsKilledInTheMiddleIsStartedAgainAndTheWorkGoesOn(t *testing.T) {
	c := small(t)
	file := filepath.Join(t.TempDir(), "count")
	server := pid(t, c)
	var once sync.Once
	a := ask(t, c, func(at string) {
		if at == "20" {
			once.Do(func() { must.M(syscall.Kill(server, syscall.SIGKILL)) })
		}
	}, "count", file, "60")
	if a.err != nil || a.result != "60" {
		t.Fatalf("%s, %v: %s", a.result, a.err, a.all())
	}
	if len(a.said) != 3 || a.said[0] != "from 0" || !strings.Contains(a.said[1], "has ended in the middle") || a.said[2] == "from 0" {
		t.Errorf("the cell says\n%s", a.all())
	}
	if pid(t, c) == server {
		t.Error("the server that was killed answers")
	}
}

func TestAServerThatDiesAgainIsNotStartedAThirdTime(t *testing.T) {
	c := small(t)
	if a := ask(t, c, nil, "die", filepath.Join(t.TempDir(), "once")); a.err != nil {
		t.Errorf("died once: %v", a.err)
	}
	a := ask(t, c, nil, "die")
	if !errors.Is(a.err, ErrDied) || !strings.Contains(a.err.Error(), "memory") {
		t.Errorf("%v, want %v", a.err, ErrDied)
	}
	if n := strings.Count(a.all(), "has ended in the middle"); n != 1 {
		t.Errorf("the cell tells of %d deaths, want 1:\n%s", n, a.all())
	}
}

func TestAChangedSourceBringsANewServerOnceTheOldOneHasNothingToDo(t *testing.T) {
	c := small(t)
	old := pid(t, c)
	edit(t, c)
	a := ask(t, c, nil, "pid")
	if a.err != nil || a.result == strconv.Itoa(old) || !strings.Contains(a.all(), "have changed: building it again") {
		t.Errorf("the server is %s, was %d, %v: %s", a.result, old, a.err, a.all())
	}
	old = pid(t, c)
	file := filepath.Join(t.TempDir(), "count")
	begun := make(chan bool)
	var once sync.Once
	working := make(chan asked, 1)
	go func() {
		working <- ask(t, c, func(string) { once.Do(func() { close(begun) }) }, "count", file, "100")
	}()
	<-begun
	edit(t, c)
	a = ask(t, c, nil, "pid") // as the cell of another notebook does
	if a.err != nil || a.result == strconv.Itoa(old) || !strings.Contains(a.all(), "at work (essnas count "+file) {
		t.Errorf("the server is %s, was %d, %v: %s", a.result, old, a.err, a.all())
	}
	if text := string(must.M1(os.ReadFile(file))); text != "100" {
		t.Errorf("the old server was ended at %s of 100", text)
	}
	if b := <-working; b.err != nil || b.result != "100" || b.all() != "from 0" {
		t.Errorf("the cell that was at work has %s, %v: %s", b.result, b.err, b.all())
	}
}

func TestAServerThatIsToldToEndTellsTheCellAndIsNotStartedAgain(t *testing.T) {
	c := small(t)
	file := filepath.Join(t.TempDir(), "count")
	pid(t, c)
	var once sync.Once
	a := ask(t, c, func(string) { once.Do(func() { must.M(Stop(t.Context(), c)) }) }, "count", file, "1000")
	if a.err == nil || a.err.Error() != stopped || a.all() != "from 0" {
		t.Errorf("the cell has %v: %s", a.err, a.all())
	}
	if b := ask(t, c, nil, "count", file, "30"); b.err != nil || len(b.said) != 1 || b.said[0] == "from 0" {
		t.Errorf("run again, the cell has %v: %s", b.err, b.all())
	}
}

func TestSourcesThatDoNotBuildAreTold(t *testing.T) {
	c := small(t)
	old := pid(t, c)
	f := filepath.Join(c.Root, "lib/cmd/essnas/main.go")
	must.M(os.WriteFile(f, []byte(program+"\nfunc broken() int {}\n"), 0o644))
	if a := ask(t, c, nil, "pid"); a.err == nil || !strings.Contains(a.err.Error(), "can't be built") || !strings.Contains(a.err.Error(), "missing return") {
		t.Errorf("%v", a.err)
	}
	must.M(os.WriteFile(f, []byte(program), 0o644))
	if now := pid(t, c); now == old {
		t.Error("the old server is still there")
	}
}

func TestACheckoutThatGitRefusesToReadIsBuilt(t *testing.T) {
	// which may say -buildvcs=false
	for name, value := range map[string]string{"GOENV": "off", "GOFLAGS": "", "GOTOOLCHAIN": "local"} {
		t.Setenv(name, value)
	}
	c := small(t)
	// git ends as it does in a checkout of another user
	must.M(os.Mkdir(filepath.Join(c.Root, ".git"), 0o755))
	pid(t, c)
}

func TestAServerThatEndsAtOnceSaysWhy(t *testing.T) {
	c := small(t)
	must.M(os.WriteFile(filepath.Join(c.Root, "lib/cmd/essnas/main.go"), []byte("package main\n\nfunc main() { panic(\"no plugin\") }\n"), 0o644))
	if a := ask(t, c, nil, "pid"); a.err == nil || !strings.Contains(a.err.Error(), "ended at once: panic: no plugin") {
		t.Errorf("%v", a.err)
	}
}

func TestWhoIsInterruptedBeforeTheServerIsThereHearsSo(t *testing.T) {
	c := small(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Ask(ctx, c, Request{Args: []string{"pid"}}, func(string) {}, func(Message) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}

func TestTheServersEnvironmentLeavesOutWhatClientsChoose(t *testing.T) {
	for _, name := range []string{"ESSNAS_DATA", "ESSNAS_RUNS", "ESSNAS_BACKEND", "ESSNAS_ROOT", "GONB_PIPE", "SOME_OTHER"} {
		t.Setenv(name, "x")
	}
	kept := strings.Join(environment("/here"), "\n") + "\n"
	for _, want := range []string{"SOME_OTHER=x\n", "ESSNAS_ROOT=/here\n"} {
		if !strings.Contains(kept, want) {
			t.Errorf("%q is left out", want)
		}
	}
	for _, not := range []string{"ESSNAS_DATA=", "ESSNAS_RUNS=", "ESSNAS_BACKEND=", "ESSNAS_ROOT=x", "GONB_"} {
		if strings.Contains(kept, not) {
			t.Errorf("%q is kept", not)
		}
	}
}
