package findings

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/essnas/essnas/lib/internal/lease"
	"github.com/janpfeifer/must"
)

func TestJobsThatBeginTogetherAgreeOnOneBackend(t *testing.T) {
	dir := t.TempDir()
	must.M(os.WriteFile(filepath.Join(dir, "study.json"), []byte(`{"name": "study-sample-quick", "command": ["essnas", "study"]}`), 0o644))
	kinds := []string{"cuda", "cpu", "cuda", "cpu", "go"}
	answers := make([]error, len(kinds))
	var jobs sync.WaitGroup
	for i, kind := range kinds {
		s := must.M1(Open(dir))
		jobs.Go(func() { answers[i] = s.ClaimBackend(t.Context(), kind) })
	}
	jobs.Wait()
	recorded := must.M1(os.ReadFile(filepath.Join(dir, "study.json")))
	s := must.M1(Open(dir))
	chosen := s.Config.Backend
	if chosen == "" || !strings.Contains(string(recorded), `"backend": "`+chosen+`"`) || len(s.Config.Command) != 2 {
		t.Fatalf("study.json is %s", recorded)
	}
	for i, kind := range kinds {
		if err := answers[i]; (err == nil) != (kind == chosen) || err != nil && !strings.Contains(err.Error(), "was begun on "+chosen+" and this is "+kind) {
			t.Errorf("the study is on %s, and a job on %s ends with %v", chosen, kind, err)
		}
	}
}

func TestAJobThatIsStoppedDoesNotWaitForTheLockOfAStudy(t *testing.T) {
	dir := t.TempDir()
	must.M(os.WriteFile(filepath.Join(dir, "study.json"), []byte(`{}`), 0o644))
	held := must.M1(lease.Take(dir))
	defer held.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := must.M1(Open(dir)).ClaimBackend(ctx, "cpu"); !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
}
