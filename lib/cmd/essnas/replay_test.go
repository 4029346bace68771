package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/study/findings"
)

// The runs that are recorded with the notebooks need no backend.
func TestAReplayTellsEachEpochOfARunAndChangesNothing(t *testing.T) {
	record := filepath.Join("..", "..", "..", "notebooks", "recorded")
	found, err := filepath.Glob(filepath.Join(record, "runs", "*", "seed*", "*", "events.jsonl"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no run is recorded in %s (%v)", record, err)
	}
	dir := filepath.Dir(found[0])
	events, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	c := new(program).root()
	var out bytes.Buffer
	c.SetOut(&out)
	c.SetArgs([]string{"replay", dir, "--seconds", "0", "--json", "--quiet"})
	if err := c.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got replayed
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if want := strings.Count(string(events), `"kind":"epoch"`); got.Epochs != want || got.Run != dir {
		t.Errorf("%d epochs of %s were replayed, want %d of %s", got.Epochs, got.Run, want, dir)
	}
	s, err := findings.Open(record)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
	c.SetArgs([]string{"replay", t.TempDir(), "--seconds", "0"})
	if err := c.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), "is not a run") {
		t.Errorf("an empty directory leads to %v", err)
	}
}
