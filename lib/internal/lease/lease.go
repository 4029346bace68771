// Package lease reserves a directory for one process, also among machines that share a file system.
//
// On one machine a file lock (flock) suffices: the system frees it at any end of the process.
// Network file systems share such locks between machines or not, depending on their version and
// mount options. They keep the locks of a dead machine for an unknown time. The holder of a
// directory therefore also writes a lease, and renews it every 15 seconds:
//
//	lock          the file lock
//	lease.json    the holder: its machine, its process, a random token, and a count
//
// A process of the same machine that gets the lock takes the directory at once, because the holder
// is dead. A process of another machine reads the lease. It takes the directory if the lease is
// older than 60 seconds ([Stale]); otherwise it gets [ErrBusy]. A holder that ends in an ordinary
// way removes its lease, so that no process waits.
//
// # Clocks
//
// Clocks of machines differ, so the package reads the file server's times only. The age of a lease
// is the difference between the time of the lease and the time of a file that the process writes
// now.
//
// # A live holder that seems dead
//
// If a machine sleeps or loses its network for more than a minute, another machine may take its
// directory. The former holder sees the foreign token when it renews the lease, after 15 seconds at
// the latest. [Lease.Lost] then returns an error, and its caller stops before it writes.
package lease

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/gofrs/flock"
)

// Names of the files in a directory.
const (
	LockName  = "lock"
	LeaseName = "lease.json"
)

// Stale is the age at which another machine takes over a lease, and Beat the time between renewals.
const (
	Stale = 60 * time.Second
	Beat  = 15 * time.Second
)

// ErrBusy is the error of a directory that another process holds.
var ErrBusy = errors.New("another process is at work")

// Lease is a directory that this process holds.
type Lease struct {
	dir   string
	o     options
	lock  *flock.Flock // nil: the file system has no locks
	me    holder
	stop  chan struct{}
	ended sync.WaitGroup
	lost  atomic.Pointer[error]
}

// options differ in tests.
type options struct {
	machine     string
	noLock      bool // as on a file system without locks
	stale, beat time.Duration
	settle      time.Duration // between taking a lease over and believing it
}

// holder is the content of the file.
type holder struct {
	Machine string `json:"machine"` // of this start of its system
	Host    string `json:"host"`    // its name, for people
	Process int    `json:"process"`
	Token   string `json:"token"`
	Count   int    `json:"count"` // of renewals
}

// Take takes a directory. It returns an error that wraps ErrBusy if another process holds it, and
// an explained error if its files can't be written.
func Take(dir string) (*Lease, error) {
	return take(dir, options{machine: machine(), stale: Stale, beat: Beat, settle: 2 * time.Second})
}

// machine names this start of the system: file locks hold below one kernel.
func machine() string {
	if id, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		return strings.TrimSpace(string(id))
	}
	return hostname()
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}

func take(dir string, o options) (*Lease, error) {
	l := &Lease{dir: dir, o: o, stop: make(chan struct{})}
	l.me = holder{Machine: o.machine, Host: hostname(), Process: os.Getpid(), Token: rand.Text()}
	if !o.noLock {
		lock := flock.New(l.path(LockName))
		ok, err := lock.TryLock()
		switch {
		case errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.EOPNOTSUPP):
			lock.Close() // the lease alone reserves the directory
		case err != nil:
			return nil, atomicfile.Explain(err, l.path(LockName))
		case !ok:
			return nil, fmt.Errorf("%w in %s: wait for it, stop it, or choose another directory", ErrBusy, dir)
		default:
			l.lock = lock
		}
	}
	if err := l.acquire(); err != nil {
		l.unlock()
		return nil, err
	}
	l.ended.Go(l.renew)
	return l, nil
}

func (l *Lease) path(name string) string { return filepath.Join(l.dir, name) }

// acquire writes the lease unless another process holds it.
func (l *Lease) acquire() error {
	other, age, err := l.read()
	switch {
	case errors.Is(err, fs.ErrNotExist): // an ordinary start
		return l.write()
	case err != nil:
		return atomicfile.Explain(err, l.path(LeaseName))
	case other.Machine == l.o.machine && l.lock != nil: // the system has freed its lock
		return l.write()
	case age < l.o.stale:
		return fmt.Errorf("%w in %s, on %s (process %d), which gave a sign of life %d seconds ago: wait for it, or choose another directory; if that machine has failed, the directory is free %d seconds after the last sign of life",
			ErrBusy, l.dir, other.Host, other.Process, int(age.Seconds()), int(l.o.stale.Seconds()))
	}
	if err := l.write(); err != nil {
		return err
	}
	// If several machines find the lease stale, the last writer holds it.
	time.Sleep(l.o.settle)
	if now, _, err := l.read(); err != nil || now.Token != l.me.Token {
		return fmt.Errorf("%w in %s, on %s, which was quicker: wait for it, or choose another directory", ErrBusy, l.dir, now.Host)
	}
	return nil
}

// read returns the holder and the age of its lease by the file server's clock. A damaged lease has
// an age but no holder.
func (l *Lease) read() (h holder, age time.Duration, err error) {
	f, err := os.Open(l.path(LeaseName)) // opening asks the server, stat may read a cache
	if err != nil {
		return h, 0, err
	}
	defer f.Close()
	written, err := f.Stat()
	if err != nil {
		return h, 0, err
	}
	if json.NewDecoder(f).Decode(&h) != nil {
		h = holder{Host: "another machine"}
	}
	if h.Token == l.me.Token {
		return h, 0, nil
	}
	probe, err := os.CreateTemp(l.dir, ".lease.json")
	if err != nil {
		return h, 0, err
	}
	defer os.Remove(probe.Name())
	defer probe.Close()
	if _, err := probe.WriteString("now"); err != nil {
		return h, 0, err
	}
	if err := probe.Sync(); err != nil {
		return h, 0, err
	}
	now, err := probe.Stat()
	if err != nil {
		return h, 0, err
	}
	return h, now.ModTime().Sub(written.ModTime()), nil
}

// write writes the lease, whole or not at all.
func (l *Lease) write() error {
	text, err := json.Marshal(l.me)
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(l.path(LeaseName), append(text, '\n'))
}

// renew renews the lease until its end or its loss.
func (l *Lease) renew() {
	tick := time.NewTicker(l.o.beat)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-tick.C:
		}
		now, _, err := l.read()
		switch {
		case err == nil && now.Token != l.me.Token:
			err := fmt.Errorf("%s was taken over by %s (process %d), because this process gave no sign of life for more than %d seconds", l.dir, now.Host, now.Process, int(l.o.stale.Seconds()))
			l.lost.Store(&err)
			return
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			continue // the server doesn't answer, so the next renewal decides
		}
		l.me.Count++
		l.write() // after an error, the next renewal decides
	}
}

// Lost returns an error if another machine has taken the directory. The process must not write
// there any more.
func (l *Lease) Lost() error {
	if err := l.lost.Load(); err != nil {
		return *err
	}
	return nil
}

// Close releases the directory.
func (l *Lease) Close() {
	close(l.stop)
	l.ended.Wait()
	if now, _, err := l.read(); err == nil && now.Token == l.me.Token {
		os.Remove(l.path(LeaseName)) // a lease that stays becomes stale
	}
	l.unlock()
}

func (l *Lease) unlock() {
	if l.lock != nil {
		l.lock.Close()
	}
}
