package stage

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/janpfeifer/must"
)

// fashion writes the files of a Fashion-MNIST of two images.
func fashion(t *testing.T, dir string, pixel byte) {
	t.Helper()
	for name, text := range map[string][]byte{
		"train-images-idx3-ubyte.gz": append([]byte{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28, pixel}, make([]byte, 2*28*28-1)...),
		"train-labels-idx1-ubyte.gz": {0, 0, 8, 1, 0, 0, 0, 2, 0, 1},
	} {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		must.M1(w.Write(text))
		must.M(w.Close())
		for _, set := range []string{"train", "t10k"} {
			must.M(os.WriteFile(filepath.Join(dir, strings.Replace(name, "train", set, 1)), packed.Bytes(), 0o600))
		}
	}
}

func TestADataSetIsReadOnceUntilItsFilesChange(t *testing.T) {
	l := &Env{Warm: new(Warm), Data: t.TempDir()}
	fashion(t, l.Data, 1)
	first := must.M1(l.Dataset("fashion-mnist"))
	if again := must.M1(l.Dataset("fashion-mnist")); again != first {
		t.Error("the set was read twice")
	}
	cold := &Env{Data: l.Data}
	if must.M1(cold.Dataset("fashion-mnist")) == first {
		t.Error("a laboratory that keeps nothing has handed out another's set")
	}
	fashion(t, l.Data, 2)
	second := must.M1(l.Dataset("fashion-mnist"))
	if second.Train.Pixels[0] != 2 {
		t.Errorf("after the files have changed, a pixel is %d, want 2", second.Train.Pixels[0])
	}
	other := *l
	other.Data = t.TempDir()
	if set := must.M1(other.Dataset("")); !set.Sample {
		t.Error("a directory without files has the set of another")
	}
	other.Data = filepath.Join(l.Data, "nowhere")
	if _, err := other.Dataset("fashion-mnist"); err == nil {
		t.Error("a directory that isn't there has a set")
	}
	second = must.M1(l.Dataset("fashion-mnist"))
	l.Warm.Release()
	if must.M1(l.Dataset("fashion-mnist")) == second {
		t.Error("a set is kept after its release")
	}
}

// trained is a training as small as they go.
func trained(t *testing.T, l *Env) *run.Run {
	t.Helper()
	c := settings.TrainChoice()
	c.Preset = "study"
	for name, value := range map[string]int{"cells": 3, "channels": 4, "batch": 16, "images": 64, "epochs": 1} {
		must.M(c.Set(name, value))
	}
	r, _, err := l.Train(t.Context(), Train{Genotype: cell.PublishedNames()[0], Choice: c})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAWarmLaboratoryPredictsTheSameBits(t *testing.T) {
	backendtest.Open(t)
	l := &Env{Runs: t.TempDir(), Data: t.TempDir(), NoPages: true}
	r := trained(t, l)
	predict := func(l *Env) []run.Prediction {
		p, _, err := l.Predict(t.Context(), Predict{Dir: r.Dir, Index: []int{0, 1, 2, 500}, Out: filepath.Join(t.TempDir(), "x.png")})
		if err != nil {
			t.Error(err)
		}
		return p
	}
	cold := predict(l)
	warm := *l
	warm.Warm = new(Warm)
	for range 2 {
		if p := predict(&warm); !reflect.DeepEqual(p, cold) {
			t.Errorf("warm it is %v, cold %v", p, cold)
		}
	}
	if n := len(warm.Warm.models); n != 1 {
		t.Fatalf("%d models are kept, want 1", n)
	}

	var all sync.WaitGroup // several at a time, while what is kept goes
	for i := range 8 {
		all.Go(func() {
			if i == 4 {
				warm.Warm.Release()
			}
			if p := predict(&warm); !reflect.DeepEqual(p, cold) {
				t.Errorf("at a time with others it is %v, alone %v", p, cold)
			}
		})
	}
	all.Wait()

	predict(&warm)
	kept := warm.Warm.models[0]
	later := time.Now().Add(time.Second)
	must.M(os.Chtimes(checkpoints(r).Best(), later, later))
	predict(&warm)
	if models := warm.Warm.models; models[len(models)-1] == kept {
		t.Error("another checkpoint is predicted with the old one's weights")
	}
	for i := range 2 * mostModels {
		later = later.Add(time.Second)
		must.M(os.Chtimes(checkpoints(r).Best(), later, later))
		predict(&warm)
		if n := len(warm.Warm.models); n > mostModels {
			t.Fatalf("%d models are kept after %d, want %d at most", n, i, mostModels)
		}
	}
	must.M(os.Remove(checkpoints(r).Best()))
	if _, _, err := warm.Predict(t.Context(), Predict{Dir: r.Dir, Index: []int{0}}); err == nil {
		t.Error("a training without weights predicts")
	}
}
