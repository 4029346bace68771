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

// behindAGate runs cells as runAll does, behind one that ends when all of them are queued, and
// returns the statuses of all.
func (k *kernel) behindAGate(cells []string, seen func(text string)) (statuses []string) {
	k.t.Helper()
	gate := filepath.Join(k.dir, fmt.Sprint("gate", k.next))
	wait := fmt.Sprintf("%%%%\nfor {\n\tif _, err := os.Stat(%q); err == nil {\n\t\tbreak\n\t}\n\ttime.Sleep(10 * time.Millisecond)\n}", gate)
	return k.runAll(append([]string{wait}, cells...), func() {
		if err := os.WriteFile(gate, nil, 0o600); err != nil {
			k.t.Error(err)
		}
	}, seen)
}

func TestQueuedCellsAreAbortedAfterAnErrorAndAfterOneInterrupt(t *testing.T) {
	k := startLab(t, "/", nil).kernel()
	for fault, cell := range map[string]string{
		"a panic":          "%%\npanic(\"no good\")",
		"a compile error":  "%%\nfmt.Println(nothing)",
		"an error at once": "if {",
	} {
		got := k.behindAGate([]string{cell, "%%\nfmt.Println(\"it runs\")", "%%\nfmt.Println(\"it runs\")"}, func(text string) {
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
		got := k.behindAGate([]string{"%%\nfmt.Println(\"one\")\ntime.Sleep(time.Hour)", "%%\ntime.Sleep(time.Hour)", "%%\ntime.Sleep(time.Hour)"}, func(text string) {
			if strings.Contains(text, output) && pressed == 0 {
				pressed++
				k.interrupt()
			}
		})
		if want := []string{"ok", "error", "aborted", "aborted"}; !slices.Equal(got, want) || pressed != 1 {
			t.Errorf("after %d interrupts of the first cell, %s, the cells end with %v after %v, want %v", pressed, moment, got, time.Since(start), want)
		}
	}
	if got := k.behindAGate([]string{"%%\nfmt.Println(1)", "%%\nfmt.Println(2)"}, func(string) {}); !slices.Equal(got, []string{"ok", "ok", "ok"}) {
		t.Errorf("afterwards cells end with %v", got)
	}
}

func TestAnInterruptedReplayEndsAtOnceAndAbortsWhatIsQueued(t *testing.T) {
	k := startLab(t, "/", nil).kernel()
	said := ""
	pressed := time.Time{}
	replay := "import nb \"github.com/essnas/essnas/lib/notebook\"\n%%\nnb.Recorded(\"stage1\", 1, nb.Quiet).Replay(3600)"
	got := k.behindAGate([]string{replay, "%%\nfmt.Println(\"it runs\")"}, func(text string) {
		said += text
		if strings.Contains(text, "in 3600 seconds") && pressed.IsZero() {
			pressed = time.Now()
			k.interrupt()
		}
	})
	if want := []string{"ok", "error", "aborted"}; !slices.Equal(got, want) || pressed.IsZero() {
		t.Errorf("the cells end with %v, want %v", got, want)
	}
	t.Logf("the replay ended %v after the interrupt", time.Since(pressed))
	// The cell says so itself: nobody has killed it.
	if !strings.Contains(said, "Interrupted. Run the cell again to see the replay from its beginning.") {
		t.Error("the cell does not say that it was interrupted")
	}
	for _, trace := range []string{"goroutine ", "panic", "it runs", "is saved"} {
		if strings.Contains(said, trace) {
			t.Errorf("the cells say %q:\n%s", trace, said)
		}
	}
	if e := k.ok("%%\nfmt.Println(6 * 7)"); e.stdout != "42\n" {
		t.Errorf("after an interrupt the kernel says %q", e.stdout)
	}
}
