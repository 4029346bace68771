package stage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/run"
)

// Warm keeps data sets and networks in memory between the runs of a process, so that a short run
// need not read them again. The zero value is empty. Callers must not change the contents.
type Warm struct {
	mu     sync.Mutex
	sets   map[string]keptSet // by name
	models []*keptModel       // in the order of their last use
}

type keptSet struct {
	version string
	set     *data.Set
}

// keptModel is a trained network. A user holds its lock.
type keptModel struct {
	sync.Mutex
	key string
	*model
}

// mostModels bounds the number of kept networks, each with some megabytes of weights.
const mostModels = 4

// Release frees everything that is not in use.
func (w *Warm) Release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sets = nil
	w.forget(len(w.models))
}

// forget frees the n least recently used models. A model in use is freed once its user has released
// it.
func (w *Warm) forget(n int) {
	for _, k := range w.models[:n] {
		go func() {
			k.Lock()
			defer k.Unlock()
			k.model.Close()
			k.model = nil
		}()
	}
	w.models = slices.Clone(w.models[n:])
}

// Dataset opens a data set in the environment's data directory. The result must not be changed.
// Dataset returns the errors of data.Open.
func (l *Env) Dataset(name string) (*data.Set, error) {
	version, err := data.Version(name, l.Data)
	if l.Warm == nil || err != nil { // for an error, Open gives the better message
		return data.Open(name, l.Data)
	}
	w := l.Warm
	w.mu.Lock()
	defer w.mu.Unlock()
	if kept, ok := w.sets[name]; ok && kept.version == version {
		return kept.set, nil
	}
	set, err := data.Open(name, l.Data)
	if err == nil {
		if w.sets == nil {
			w.sets = map[string]keptSet{}
		}
		w.sets[name] = keptSet{version, set}
	}
	return set, err
}

// withModel lets f use the network of a training run with its best weights exclusively.
func (l *Env) withModel(ctx context.Context, r *run.Run, f func(*model) error) error {
	b, err := l.open(ctx, 0)
	if err != nil {
		return err
	}
	if l.Warm == nil {
		m, err := newModel(b, r)
		if err != nil {
			return err
		}
		defer m.Close()
		return f(m)
	}
	key, err := modelKey(b, r)
	if err != nil {
		return err
	}
	for {
		k, err := l.Warm.model(key, func() (*model, error) { return newModel(b, r) })
		if err != nil {
			return err
		}
		k.Lock()
		if k.model == nil { // forget has freed it since
			k.Unlock()
			continue
		}
		defer k.Unlock()
		return f(k.model)
	}
}

// model returns the kept model of that key and makes it on first use. It returns the error of make.
func (w *Warm) model(key string, make func() (*model, error)) (*keptModel, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.IndexFunc(w.models, func(k *keptModel) bool { return k.key == key }); i >= 0 {
		k := w.models[i]
		w.models = append(slices.Delete(w.models, i, i+1), k)
		return k, nil
	}
	m, err := make()
	if err != nil {
		return nil, err
	}
	k := &keptModel{key: key, model: m}
	w.models = append(w.models, k)
	w.forget(max(0, len(w.models)-mostModels))
	return k, nil
}

// modelKey returns a key of the weights and the device. Another checkpoint under the same path has
// another key.
func modelKey(b *backend.Backend, r *run.Run) (string, error) {
	path, err := filepath.Abs(checkpoints(r).Best())
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", noWeights(r, err)
	}
	return fmt.Sprintf("%p %d %s %d %d %s", b.Backend, b.Device, path, info.Size(), info.ModTime().UnixNano(), r.Config.Settings), nil
}
