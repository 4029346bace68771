package jupyter

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// runAll sends cells as Jupyter's "Run All" does, all at once, and returns the statuses of their
// replies once each has been reported idle as well. queued is called when all cells are with the
// kernel. seen hears the text of each output.
func (k *kernel) runAll(cells []string, queued func(), seen func(text string)) (statuses []string) {
	k.t.Helper()
	index := map[string]int{}
	for i, code := range cells {
		index[k.execute(code, true)] = i
	}
	// The kernel takes requests in their order and answers this one at once.
	last := k.send("comm_info_request", map[string]any{})
	statuses = make([]string, len(cells))
	idle := make([]bool, len(cells))
	for slices.Contains(statuses, "") || slices.Contains(idle, false) {
		m, text := k.receive()
		if m.Parent.Msg_id == last && m.Header.Msg_type == "comm_info_reply" {
			queued()
		}
		i, ours := index[m.Parent.Msg_id]
		switch {
		case !ours:
		case m.Header.Msg_type == "execute_reply":
			statuses[i] = m.Content["status"].(string)
		case m.Header.Msg_type == "status":
			idle[i] = m.Content["execution_state"] == "idle"
		case i > 0: // the first only waits
			seen(text)
		}
	}
	return statuses
}

func TestQueuedCellsAreAbortedAfterAnErrorAndAfterOneInterrupt(t *testing.T) {
	k := startLab(t, "/", nil).kernel()
	gates := 0
	// all runs cells behind one that ends when all of them are queued.
	all := func(cells []string, seen func(text string)) []string {
		gates++
		gate := filepath.Join(k.dir, fmt.Sprint("gate", gates))
		wait := fmt.Sprintf("%%%%\nfor {\n\tif _, err := os.Stat(%q); err == nil {\n\t\tbreak\n\t}\n\ttime.Sleep(10 * time.Millisecond)\n}", gate)
		return k.runAll(append([]string{wait}, cells...), func() {
			if err := os.WriteFile(gate, nil, 0o600); err != nil {
				t.Error(err)
			}
		}, seen)
	}
	for fault, cell := range map[string]string{
		"a panic":          "%%\npanic(\"no good\")",
		"a compile error":  "%%\nfmt.Println(nothing)",
		"an error at once": "if {",
	} {
		got := all([]string{cell, "%%\nfmt.Println(\"it runs\")", "%%\nfmt.Println(\"it runs\")"}, func(text string) {
			if strings.Contains(text, `"text":"it runs`) || strings.Contains(text, `"text": "it runs`) {
				t.Errorf("after %s the next cell runs", fault)
			}
		})
		if want := []string{"ok", "error", "aborted", "aborted"}; !slices.Equal(got, want) {
			t.Errorf("after %s the cells end with %v, want %v", fault, got, want)
		}
	}
	for moment, output := range map[string]string{"while it runs": "stream", "while it is compiled": "execute_input"} {
		pressed := 0
		start := time.Now()
		got := all([]string{"%%\nfmt.Println(\"one\")\ntime.Sleep(time.Hour)", "%%\ntime.Sleep(time.Hour)", "%%\ntime.Sleep(time.Hour)"}, func(text string) {
			if strings.Contains(text, output) && pressed == 0 {
				pressed++
				k.interrupt()
			}
		})
		if want := []string{"ok", "error", "aborted", "aborted"}; !slices.Equal(got, want) || pressed != 1 {
			t.Errorf("after %d interrupts of the first cell, %s, the cells end with %v after %v, want %v", pressed, moment, got, time.Since(start), want)
		}
	}
	if got := all([]string{"%%\nfmt.Println(1)", "%%\nfmt.Println(2)"}, func(string) {}); !slices.Equal(got, []string{"ok", "ok", "ok"}) {
		t.Errorf("afterwards cells end with %v", got)
	}
}
