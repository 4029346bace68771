package jupyter

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// request sends a request on the shell channel of the kernel and returns the content of the reply.
func (k *kernel) request(kind string, content map[string]any) map[string]any {
	k.t.Helper()
	id := k.send(kind, content)
	for {
		m, _ := k.receive()
		if m.Parent.Msg_id == id && strings.HasSuffix(m.Header.Msg_type, "_reply") {
			return m.Content
		}
	}
}

func TestTheKernelCompletesAndExplainsNames(t *testing.T) {
	environment(t)
	if err := Gopls(t.Context(), sources(t), func(text string) { t.Log(text) }); err != nil {
		t.Fatal(err)
	}
	k := startLab(t, "/", nil).kernel()
	const cell = "import nb \"github.com/essnas/essnas/lib/notebook\"\n%%\nnb.Sea"
	if matches, _ := k.request("complete_request", map[string]any{"code": cell, "cursor_pos": len(cell)})["matches"].([]any); !slices.Contains(matches, any("Search")) {
		t.Errorf("nb.Sea is completed by %v", matches)
	}
	// Of a variable the language server alone knows. GoNB gives it some seconds to begin.
	const variable = "import nb \"github.com/essnas/essnas/lib/notebook\"\n%%\nfound := nb.Search()\nfound.Fig"
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		matches, _ := k.request("complete_request", map[string]any{"code": variable, "cursor_pos": len(variable)})["matches"].([]any)
		if slices.Contains(matches, any("Figure")) {
			break
		}
		if time.Since(start) > patience {
			t.Fatalf("found.Fig is completed by %v", matches)
		}
	}
	whole := cell + "rch()"
	answer := k.request("inspect_request", map[string]any{"code": whole, "cursor_pos": len(cell), "detail_level": 0})
	if text := fmt.Sprint(answer["data"]); !strings.Contains(text, "func nb.Search(options ...nb.Option) *nb.Run") || !strings.Contains(text, "searches a cell (essnas search)") {
		t.Errorf("nb.Search is explained by %s", text)
	}
	const setting = "%%\nnb.Search(nb.Set(\"ss_fac"
	if got := k.request("complete_request", map[string]any{"code": setting, "cursor_pos": len(setting)})["matches"]; fmt.Sprint(got) != "[ss_factor]" {
		t.Errorf("a setting is completed by %v", got)
	}
	const unfinished = cell + "rch("
	answer = k.request("inspect_request", map[string]any{"code": unfinished, "cursor_pos": len(unfinished), "detail_level": 0})
	if text := fmt.Sprint(answer["data"]); !strings.Contains(text, "func Search(options ...Option) *Run") && !strings.Contains(text, "func nb.Search(options ...nb.Option) *nb.Run") {
		t.Errorf("an unfinished call is explained by %s", text)
	}
	if e := k.ok("%%\nfmt.Println(6 * 7)"); e.stdout != "42\n" {
		t.Errorf("the kernel says %q", e.stdout)
	}
}
