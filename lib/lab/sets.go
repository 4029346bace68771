package lab

import (
	"sync"

	"github.com/essnas/essnas/lib/data"
)

// sets are data sets that stay in memory.
type sets struct {
	mu    sync.Mutex
	known map[string]*data.Set
}

// KeepData makes the laboratory, and copies made of it from then on, load each data set once and keep it: a run of seconds should not begin with
// one of reading.
func (l *Lab) KeepData() { l.sets = &sets{known: map[string]*data.Set{}} }

// Dataset is data.Open in the laboratory's directory of data sets. Nobody may change what comes back.
func (l *Lab) Dataset(name string) (*data.Set, error) {
	if l.sets == nil {
		return data.Open(name, l.Data)
	}
	l.sets.mu.Lock()
	defer l.sets.mu.Unlock()
	if set := l.sets.known[name]; set != nil {
		return set, nil
	}
	set, err := data.Open(name, l.Data)
	if err == nil {
		l.sets.known[name] = set
	}
	return set, err
}
