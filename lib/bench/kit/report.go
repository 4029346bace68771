package kit

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/bench"
	"github.com/essnas/essnas/lib/internal/atomicfile"
)

// Report holds the results of a kit's steps.
type Report struct {
	Time     time.Time         `json:"time"`
	Backend  string            `json:"backend"`
	Versions map[string]string `json:"versions"`
	Steps    []Step            `json:"steps"`
	Table    *bench.Report     `json:"table,omitempty"`
}

// Step is the result of a step.
type Step struct {
	Name     string  `json:"name"`
	Seconds  float64 `json:"seconds"`
	Said     string  `json:"said,omitempty"`     // the result in a few words
	Error    string  `json:"error,omitempty"`    // why it failed; "" if it succeeded
	Text     string  `json:"text,omitempty"`     // details
	Messages string  `json:"messages,omitempty"` // of its processes
}

// Err returns one sentence on the steps that failed, or nil.
func (r *Report) Err() error {
	failed := slices.DeleteFunc(slices.Clone(r.Steps), func(s Step) bool { return s.Error == "" })
	if len(failed) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d steps failed, the first is %s: %s", len(failed), len(r.Steps), failed[0].Name, failed[0].Error)
}

// Summary has a line for each step.
func (r *Report) Summary() string {
	var text strings.Builder
	for _, s := range r.Steps {
		fmt.Fprintln(&text, s)
	}
	return text.String()
}

// String is the line of a step.
func (s Step) String() string {
	state, words := "ok", s.Said
	if s.Error != "" {
		state, words = "FAILED", s.Error
	}
	return fmt.Sprintf("%-13s %-6s %7.1f s  %s", s.Name, state, s.Seconds, strings.ReplaceAll(words, "\n", " "))
}

// String is the text of the file.
func (r *Report) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "essnas bench --gpu, %s, backend %s\n", r.Time.Format(time.RFC3339), r.Backend)
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		fmt.Fprintf(&text, "%s %s\n", name, r.Versions[name])
	}
	fmt.Fprintf(&text, "\n%s", r.Summary())
	if left := len(steps) - len(r.Steps); left > 0 {
		fmt.Fprintf(&text, "(%d more steps were not taken yet)\n", left)
	}
	for _, s := range r.Steps {
		fmt.Fprintf(&text, "\n== %s\n", s.Name)
		for _, part := range []struct{ title, text string }{{"", s.Text}, {"-- error\n", s.Error}, {"-- messages\n", s.Messages}} {
			if part.text != "" {
				fmt.Fprintf(&text, "%s%s\n", part.title, strings.TrimRight(part.text, "\n"))
			}
		}
	}
	encoded, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		encoded = []byte(err.Error())
	}
	fmt.Fprintf(&text, "\n== all as JSON\n%s\n", encoded)
	return text.String()
}

// write writes the file whole; "" is no file.
func (r *Report) write(path string) error {
	if path == "" {
		return nil
	}
	return atomicfile.WriteBytes(path, []byte(r.String()))
}
