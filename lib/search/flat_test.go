package search

import (
	"runtime"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/memory"
)

func TestMemoryStaysFlat(t *testing.T) {
	b := backendtest.Open(t)
	for last := uint64(0); last != b.Counts().Arrays+1; { // waits for garbage of earlier tests
		last = b.Counts().Arrays + 1
		runtime.GC()
		time.Sleep(20 * time.Millisecond)
	}
	s := tiny("")
	s.SSFactor, s.SSScale, s.Projector, s.Views, s.Frozen, s.SSBalance = 0.5, 1, "8,8", "crop 1, flip 0.5", 0, 7
	search := begin(t, crops(t), s)
	const warm, steps = 9, 79
	var arrays, bytes uint64
	var held int64
	for i := range steps {
		if _, err := search.Step(0, i%search.Steps(0)); err != nil {
			t.Fatal(err)
		}
		n := b.Counts()
		switch {
		case i == warm:
			arrays, bytes, held = n.Arrays, n.ArrayBytes, memory.Held()
		case i > warm && (n.Arrays != arrays || n.ArrayBytes != bytes):
			t.Fatalf("after step %d there are %d arrays of %d bytes, after step %d there were %d of %d", i, n.Arrays, n.ArrayBytes, warm, arrays, bytes)
		}
	}
	if b.Kind != "go" && arrays == 0 {
		t.Error("no array was counted")
	}
	const bound = 16 << 20 // a leak of one small image per step would reach it
	if grown := memory.Held() - held; grown > bound {
		t.Errorf("the process has grown by %d bytes in %d steps", grown, steps-warm)
	}
}
