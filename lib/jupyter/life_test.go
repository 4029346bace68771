package jupyter

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/serve"
)

// long is a cell with a search of short steps that outlasts the test.
const long = `import nb "github.com/essnas/essnas/lib/notebook"
%%
nb.Search(nb.Preset("demo"), nb.Set("images", 64), nb.Set("batch", 8), nb.Set("epochs", 500))`

var (
	atEpoch = regexp.MustCompile(`epoch (\d+)/500, step`)
	goingOn = regexp.MustCompile(`going on at epoch (\d+), step`)
)

// until runs the long cell and calls reached once it arrives at an epoch. It returns the epoch at
// which the cell continued (0: from the beginning) and its last epoch.
func (k *kernel) until(epoch int, reached func()) (from, to int, e executed) {
	k.t.Helper()
	called := false
	e = k.run(long, func(data map[string]any) {
		text, _ := data["text/plain"].(string)
		if m := goingOn.FindStringSubmatch(text); m != nil {
			from, _ = strconv.Atoi(m[1])
		}
		if m := atEpoch.FindStringSubmatch(text); m != nil {
			to, _ = strconv.Atoi(m[1])
		}
		if to >= epoch && !called {
			called = true
			reached()
		}
	})
	return
}

func TestStoppedSearchesGoOn(t *testing.T) {
	k := startLab(t, "/", nil).kernel()
	_, stopped, e := k.until(3, k.interrupt)
	if e.status != "error" || !strings.Contains(e.stderr, "saved") {
		t.Errorf("an interrupted cell has the status %q and says %q", e.status, e.text())
	}
	if e := k.ok("%%\nfmt.Println(6 * 7)"); e.stdout != "42\n" {
		t.Errorf("after an interrupt the kernel says %q", e.stdout)
	}
	from, to, _ := k.until(stopped+2, func() {
		if _, err := k.api(http.MethodPost, "api/kernels/"+k.id+"/interrupt", nil); err != nil {
			t.Error(err)
		}
	})
	if from < stopped {
		t.Errorf("interrupted in epoch %d, the search went on at epoch %d", stopped, from)
	}
	// A restart of the kernel ends the cell without a message. The run directory shows its
	// progress.
	k.execute(long, false)
	done := 0
	for start := time.Now(); done <= to; time.Sleep(50 * time.Millisecond) {
		if done = k.epochs(); time.Since(start) > patience {
			t.Fatalf("%d epochs are done, it went on after %d", done, to)
		}
	}
	if _, err := k.api(http.MethodPost, "api/kernels/"+k.id+"/restart", struct{}{}); err != nil {
		t.Fatal(err)
	}
	k.conn.CloseNow()
	k.connect()
	from, _, _ = k.until(done+1, k.interrupt)
	if from <= done {
		t.Errorf("the kernel was restarted when %d epochs were done, the search went on at epoch %d", done, from)
	}
}

// epochs returns the number of epochs of the lab's only run.
func (l *lab) epochs() int {
	files, _ := filepath.Glob(filepath.Join(l.runs, "*", "events.jsonl"))
	if len(files) != 1 {
		return 0
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		l.t.Fatal(err)
	}
	return bytes.Count(text, []byte(`"kind":"epoch"`))
}

func TestACellGoesOnWhenItsServerIsKilled(t *testing.T) {
	k := startLab(t, "/", nil).kernel()
	dir, err := sources(t).Dir()
	if err != nil {
		t.Fatal(err)
	}
	killed, told, interrupted := false, false, false
	from, to := 0, 0
	e := k.run(long, func(data map[string]any) {
		text, _ := data["text/plain"].(string)
		told = told || strings.Contains(text, "has ended in the middle")
		if m := goingOn.FindStringSubmatch(text); m != nil {
			from, _ = strconv.Atoi(m[1])
		}
		if m := atEpoch.FindStringSubmatch(text); m != nil {
			to, _ = strconv.Atoi(m[1])
		}
		switch {
		case to >= 3 && !killed:
			text, err := os.ReadFile(filepath.Join(dir, "server.pid"))
			if err != nil {
				t.Error(err)
			}
			server, _ := strconv.Atoi(string(text))
			if err := syscall.Kill(server, syscall.SIGKILL); err != nil || server < 2 {
				t.Errorf("server %d: %v", server, err)
			}
			killed = true
		case from > 0 && to > from && !interrupted: // it need not end after it has continued
			k.interrupt()
			interrupted = true
		}
	})
	if !killed || !told || from < 3 {
		t.Errorf("the server was killed: %t; the cell told of it: %t; it went on at epoch %d and came to epoch %d", killed, told, from, to)
	}
	if e.status != "error" || !strings.Contains(e.stderr, "saved") {
		t.Errorf("the cell that was interrupted then has the status %q and says %q", e.status, e.text())
	}
}

func TestKilledJupyterLeavesNothing(t *testing.T) {
	t.Setenv("ESSNAS_TEST_MARK", fmt.Sprintf("mark-%d-%d", os.Getpid(), time.Now().UnixNano()))
	mark := []byte("ESSNAS_TEST_MARK=" + os.Getenv("ESSNAS_TEST_MARK"))
	if err := serve.Stop(t.Context(), sources(t)); err != nil { // that server lacks the mark
		t.Fatal(err)
	}
	k := startLab(t, "/", nil).kernel()
	k.execute("!sleep 1000 & sleep 1000", false)
	other := k.lab.kernel()
	other.execute("%%\nfor {}", false)
	third := k.lab.kernel()
	killed := false
	func() {
		defer func() { recover() }()
		third.execute(long, false)
		for start := time.Now(); time.Since(start) < patience; time.Sleep(100 * time.Millisecond) {
			if found, _ := filepath.Glob(filepath.Join(k.runs, "*", "checkpoint", "*")); len(found) > 0 {
				break
			}
		}
		k.cmd.Process.Signal(syscall.SIGKILL)
		killed = true
	}()
	if !killed {
		t.Fatal("Jupyter was not killed")
	}
	var left []string
	for start := time.Now(); time.Since(start) < patience; time.Sleep(200 * time.Millisecond) {
		if left = marked(mark); len(left) == 0 {
			break
		}
	}
	if len(left) > 0 {
		t.Errorf("Jupyter was killed, and these are left:\n%s", strings.Join(left, "\n"))
	}
	if found, _ := filepath.Glob(filepath.Join(k.runs, "*", "checkpoint", "*.safetensors")); len(found) == 0 {
		t.Error("there is no checkpoint of the search")
	}
}

// marked lists the processes with the mark in their environment, without this one.
func marked(mark []byte) (found []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(text, mark) {
			continue
		}
		pid := filepath.Base(filepath.Dir(file))
		if pid == strconv.Itoa(os.Getpid()) {
			continue
		}
		state, _ := os.ReadFile("/proc/" + pid + "/stat")
		if strings.Contains(string(state), ") Z ") {
			continue
		}
		command, _ := os.ReadFile("/proc/" + pid + "/cmdline")
		found = append(found, pid+" "+strings.ReplaceAll(string(command), "\x00", " "))
	}
	return
}
