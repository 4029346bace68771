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

// Warm is what laboratories of one process keep from run to run, so that a run of seconds doesn't begin with one of reading: data sets, and networks to classify with. The
// zero value is empty. Nobody may change what it hands out.
type Warm struct {
	mu     sync.Mutex
	sets   map[string]keptSet // by name
	models []*keptModel       // the last used last
}

type keptSet struct {
	version string
	set     *data.Set
}

// keptModel is a trained network. Who uses it holds it.
type keptModel struct {
	sync.Mutex
	key string
	*model
}

// mostModels bounds the networks that are kept; a network has some megabytes of weights.
const mostModels = 4

// Release lets go of everything that isn't in use.
func (w *Warm) Release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sets = nil
	w.forget(len(w.models))
}

// forget lets go of the models that were used longest ago, and of those among them that are in use when their user is done.
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

// Dataset is data.Open in the laboratory's directory of data sets. Nobody may change what comes back.
func (l *Env) Dataset(name string) (*data.Set, error) {
	version, err := data.Version(name, l.Data)
	if l.Warm == nil || err != nil { // Open says it better
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

// withModel gives f the network of a training run with its best weights, to use alone.
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
		if k.model == nil { // it was let go of just now
			k.Unlock()
			continue
		}
		defer k.Unlock()
		return f(k.model)
	}
}

// model is the kept model of that key, made if need be.
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

// modelKey names the weights and the device: another checkpoint in the same place is another model.
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
