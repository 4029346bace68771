package lease

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// These tests represent another machine by a process with another name that sees no file locks, as
// on a network file system without shared locks.
const otherMachine = "ESSNAS_TEST_MACHINE"

func quick(machine string) options {
	return options{machine: machine, noLock: true, stale: 2 * time.Second, beat: 200 * time.Millisecond, settle: 100 * time.Millisecond}
}

// TestMain holds a directory if this process represents another machine. It reports this and ends
// at the end of its input.
func TestMain(m *testing.M) {
	name := os.Getenv(otherMachine)
	if name == "" {
		os.Exit(m.Run())
	}
	l, err := take(os.Args[1], quick(name))
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString("held\n")
	io.Copy(io.Discard, os.Stdin)
	l.Close()
	os.Exit(0)
}

// elsewhere starts a holder on another machine. end ends the holder in an ordinary way.
func elsewhere(t *testing.T, dir, machine string) (c *exec.Cmd, said string, end func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c = exec.Command(self, dir)
	c.Env = append(os.Environ(), otherMachine+"="+machine)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	said, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return c, strings.TrimSpace(said), func() { in.Close(); c.Wait() }
}

func TestTwoMachinesDoNotHoldOneDirectory(t *testing.T) {
	dir := t.TempDir()
	_, said, end := elsewhere(t, dir, "a")
	if said != "held" {
		t.Fatal(said)
	}
	for range 6 { // for longer than a lease becomes stale: it is renewed
		if _, err := take(dir, quick("b")); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "sign of life") {
			t.Fatalf("the error is %v", err)
		}
		time.Sleep(500 * time.Millisecond)
	}
	end()
	if _, err := os.Stat(filepath.Join(dir, LeaseName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an ordinary end leaves the lease: %v", err)
	}
	l, err := take(dir, quick("b")) // at once
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, said, _ := elsewhere(t, dir, "a"); !strings.Contains(said, "another process is at work") {
		t.Errorf("the other machine says %q", said)
	}
}

func TestTheLeaseOfAKilledHolderIsTakenOverWhenItIsStale(t *testing.T) {
	dir := t.TempDir()
	c, said, _ := elsewhere(t, dir, "a")
	if said != "held" {
		t.Fatal(said)
	}
	c.Process.Kill()
	c.Wait()
	if _, err := take(dir, quick("b")); !errors.Is(err, ErrBusy) {
		t.Errorf("the lease is taken over before it is stale: %v", err)
	}
	var l *Lease
	for begin := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		var err error
		if l, err = take(dir, quick("b")); err == nil {
			break
		}
		if !errors.Is(err, ErrBusy) || time.Since(begin) > time.Minute {
			t.Fatalf("the stale lease is not taken over: %v", err)
		}
	}
	l.Close()
}

// TestOnOneMachineAKilledHolderIsSucceededAtOnce: the free file lock shows that the holder is dead,
// although its lease is fresh.
func TestOnOneMachineAKilledHolderIsSucceededAtOnce(t *testing.T) {
	dir := t.TempDir()
	o := quick("a")
	c, _, _ := elsewhere(t, dir, "a") // without a lock, as after its end
	c.Process.Kill()
	c.Wait()
	o.noLock, o.stale = false, time.Hour
	l, err := take(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := take(dir, o); !errors.Is(err, ErrBusy) {
		t.Errorf("two holders on one machine: %v", err)
	}
}

// TestClocksOfMachinesDoNotMatter: a lease's age is a difference of the file server's times. A wall
// clock that is decades before or behind the server has no influence.
func TestClocksOfMachinesDoNotMatter(t *testing.T) {
	for _, c := range []struct {
		name string
		age  time.Duration
		busy bool
	}{{"fresh", 0, true}, {"old", time.Hour, false}, {"of a server whose clock was set back", -time.Hour, true}} {
		dir := t.TempDir()
		path := filepath.Join(dir, LeaseName)
		if err := os.WriteFile(path, []byte(`{"machine": "a", "host": "far", "token": "T"}`), 0o644); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-c.age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		l, err := take(dir, quick("b"))
		if errors.Is(err, ErrBusy) != c.busy || err != nil && !c.busy {
			t.Errorf("%s: %v", c.name, err)
		}
		if l != nil {
			l.Close()
		}
	}
}

func TestAHolderWhoseDirectoryWasTakenLearnsIt(t *testing.T) {
	dir := t.TempDir()
	l, err := take(dir, quick("a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Lost(); err != nil {
		t.Fatal(err)
	}
	other := `{"machine": "b", "host": "far", "process": 7, "token": "T"}`
	if err := os.WriteFile(filepath.Join(dir, LeaseName), []byte(other), 0o644); err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); l.Lost() == nil; time.Sleep(20 * time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatal("it doesn't learn it")
		}
	}
	if !strings.Contains(l.Lost().Error(), "taken over by far (process 7)") {
		t.Errorf("the error is %v", l.Lost())
	}
	l.Close()
	if text, err := os.ReadFile(filepath.Join(dir, LeaseName)); err != nil || string(text) != other {
		t.Errorf("its end touches the lease of the other: %q, %v", text, err)
	}
}

func TestATornLeaseBecomesStaleToo(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, LeaseName)
	if err := os.WriteFile(path, []byte(`{"mach`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := take(dir, quick("b")); !errors.Is(err, ErrBusy) {
		t.Errorf("the error is %v", err)
	}
	at := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
	l, err := take(dir, quick("b"))
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

func TestOtherDirectoriesAndOldOnesAreTakenAtOnce(t *testing.T) {
	dir := t.TempDir()
	// An earlier version has left a lock without a lease.
	if err := os.WriteFile(filepath.Join(dir, LockName), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := Take(dir)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := Take(filepath.Join(dir, "none")); err == nil {
		t.Error("a directory that is not there is taken")
	}
}
