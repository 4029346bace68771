package jupyter

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// runAll sends cells as Jupyter's "Run All" does, all at once, and returns the statuses of their
// replies once each has been reported idle as well. seen hears the text of each output.
func (k *kernel) runAll(cells []string, seen func(text string)) (statuses []string) {
	k.t.Helper()
	index := map[string]int{}
	for i, code := range cells {
		k.next++
		id := fmt.Sprintf("%s-all-%d", k.t.Name(), k.next)
		index[id] = i
		text, err := json.Marshal(map[string]any{
			"channel": "shell", "parent_header": struct{}{}, "metadata": struct{}{}, "buffers": []int{},
			"header":  map[string]any{"msg_id": id, "msg_type": "execute_request", "session": "test", "username": "", "version": "5.3", "date": time.Now().Format(time.RFC3339)},
			"content": map[string]any{"code": code, "silent": false, "store_history": true, "user_expressions": struct{}{}, "allow_stdin": false, "stop_on_error": true},
		})
		if err == nil {
			err = k.conn.Write(k.t.Context(), websocket.MessageText, text)
		}
		if err != nil {
			k.t.Fatal(err)
		}
	}
	statuses = make([]string, len(cells))
	idle := make([]bool, len(cells))
	for slices.Contains(statuses, "") || slices.Contains(idle, false) {
		_, raw, err := k.conn.Read(k.t.Context())
		if err != nil {
			k.t.Fatalf("the kernel's connection has ended: %v", err)
		}
		var m struct {
			Header  struct{ Msg_type string }
			Parent  struct{ Msg_id string } `json:"parent_header"`
			Content map[string]any
		}
		if err := json.Unmarshal(raw, &m); err != nil {
			k.t.Fatal(err)
		}
		i, ours := index[m.Parent.Msg_id]
		switch {
		case !ours:
		case m.Header.Msg_type == "execute_reply":
			statuses[i] = m.Content["status"].(string)
		case m.Header.Msg_type == "status":
			idle[i] = m.Content["execution_state"] == "idle"
		default:
			seen(string(raw))
		}
	}
	return statuses
}

func TestQueuedCellsAreAbortedAfterAnErrorAndAfterOneInterrupt(t *testing.T) {
	k := startLab(t, "/", nil).kernel()
	for fault, cell := range map[string]string{
		"a panic":          "%%\npanic(\"no good\")",
		"a compile error":  "%%\nfmt.Println(nothing)",
		"an error at once": "if {",
	} {
		got := k.runAll([]string{cell, "%%\nfmt.Println(\"it runs\")", "%%\nfmt.Println(\"it runs\")"}, func(text string) {
			if strings.Contains(text, `"text":"it runs`) || strings.Contains(text, `"text": "it runs`) {
				t.Errorf("after %s the next cell runs", fault)
			}
		})
		if want := []string{"error", "aborted", "aborted"}; !slices.Equal(got, want) {
			t.Errorf("after %s the cells end with %v, want %v", fault, got, want)
		}
	}
	for moment, output := range map[string]string{"while it runs": "stream", "while it is compiled": "execute_input"} {
		pressed := 0
		start := time.Now()
		got := k.runAll([]string{"%%\nfmt.Println(\"one\")\ntime.Sleep(time.Minute)", "%%\ntime.Sleep(time.Minute)", "%%\ntime.Sleep(time.Minute)"}, func(text string) {
			if strings.Contains(text, output) && pressed == 0 {
				pressed++
				k.interrupt()
			}
		})
		if want := []string{"error", "aborted", "aborted"}; !slices.Equal(got, want) || pressed != 1 {
			t.Errorf("after %d interrupts of the first cell, %s, the cells end with %v after %v, want %v", pressed, moment, got, time.Since(start), want)
		}
	}
	if got := k.runAll([]string{"%%\nfmt.Println(1)", "%%\nfmt.Println(2)"}, func(string) {}); !slices.Equal(got, []string{"ok", "ok"}) {
		t.Errorf("afterwards cells end with %v", got)
	}
}
