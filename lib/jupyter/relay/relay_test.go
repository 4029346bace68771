package relay

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/janpfeifer/must"
)

const (
	key       = "secret"
	signature = "9b14d94617bffb278285cea390d9dc17e01ec3188dba313f9548021906557a7b"
)

// bench is a relay between a test that plays Jupyter and one that plays GoNB.
type bench struct {
	*testing.T
	*Relay
	jupyter, control, output  zmq4.Socket // Jupyter's ends
	gonb, commands, publisher zmq4.Socket // GoNB's ends
	handed, orders            chan message
	replies                   chan message
	statuses                  chan message
}

func newBench(t *testing.T) *bench {
	ports, more := must.M1(free("127.0.0.1")), must.M1(free("127.0.0.1"))
	file := filepath.Join(t.TempDir(), "kernel-0a1b.json")
	connection := map[string]any{"transport": "tcp", "ip": "127.0.0.1", "shell_port": ports[0], "control_port": ports[1], "iopub_port": ports[2], "stdin_port": more[0], "key": key, "signature_scheme": "hmac-sha256"}
	must.M(os.WriteFile(file, must.M1(json.Marshal(connection)), 0o600))
	r := must.M1(Start(file))
	b := &bench{T: t, Relay: r, jupyter: zmq4.NewDealer(t.Context(), zmq4.WithID(zmq4.SocketIdentity("browser"))), output: zmq4.NewSub(t.Context()),
		control: zmq4.NewDealer(t.Context()), commands: zmq4.NewRouter(t.Context()), gonb: zmq4.NewRouter(t.Context()), publisher: zmq4.NewPub(t.Context()),
		handed: make(chan message, 99), orders: make(chan message, 99), replies: make(chan message, 99), statuses: make(chan message, 99)}
	t.Cleanup(func() {
		r.Close()
		for _, s := range []zmq4.Socket{b.jupyter, b.control, b.output, b.gonb, b.commands, b.publisher} {
			s.Close()
		}
	})
	must.M(b.output.SetOption(zmq4.OptionSubscribe, ""))
	at := func(port any) string { return fmt.Sprintf("tcp://127.0.0.1:%v", port) }
	must.M(b.jupyter.Dial(at(ports[0])))
	must.M(b.control.Dial(at(ports[1])))
	must.M(b.output.Dial(at(ports[2])))
	// GoNB starts later, as in practice, and reads its own connection file.
	var own map[string]any
	must.M(json.Unmarshal(must.M1(os.ReadFile(r.File)), &own))
	if filepath.Base(r.File) != filepath.Base(file) || own["key"] != key || own["stdin_port"] != float64(more[0]) || own["shell_port"] == float64(ports[0]) {
		t.Errorf("GoNB's connection file %s is %v", r.File, own)
	}
	if info := must.M1(os.Stat(r.File)); info.Mode().Perm() != 0o600 {
		t.Errorf("others can read the key: %v", info.Mode())
	}
	must.M(b.gonb.Listen(at(own["shell_port"])))
	must.M(b.commands.Listen(at(own["control_port"])))
	must.M(b.publisher.Listen(at(own["iopub_port"])))
	for from, to := range map[zmq4.Socket]chan message{b.gonb: b.handed, b.commands: b.orders, b.jupyter: b.replies, b.output: b.statuses} {
		go pass(from, func(m zmq4.Msg) {
			if m, err := parse(m.Frames); err == nil {
				to <- m
			}
		})
	}
	b.subscribed()
	return b
}

// subscribed waits until GoNB's messages on iopub reach Jupyter. A message is lost if its reader
// has not subscribed before.
func (b *bench) subscribed() {
	b.Helper()
	publish := func(text string) {
		m := message{}.answer(text, map[string]string{}, []byte("status"))
		must.M(b.publisher.SendMulti(zmq4.NewMsgFrom(m.frames([]byte(key))...)))
	}
	for heard := false; !heard; {
		publish("first")
		select {
		case <-b.statuses:
			heard = true
		case <-time.After(10 * time.Millisecond):
		}
	}
	publish("last")
	for headerOf(b.next(b.statuses).header).Type != "last" {
	}
}

// ask sends a message as Jupyter does.
func (b *bench) ask(id, kind, content string) {
	m := message{nil, fmt.Appendf(nil, `{"msg_id": %q, "msg_type": %q, "session": "s"}`, id, kind), []byte("{}"), []byte("{}"), []byte(content)}
	must.M(b.jupyter.SendMulti(zmq4.NewMsgFrom(m.frames([]byte(key))...)))
}

// next returns the next message of a channel.
func (b *bench) next(from chan message) message {
	b.Helper()
	select {
	case m := <-from:
		return m
	case <-time.After(5 * time.Minute): // a loaded machine is slow
		b.Fatal("no message comes")
		panic("unreachable")
	}
}

// arrives fails the test unless the message with this id reaches GoNB next.
func (b *bench) arrives(id string) message {
	b.Helper()
	m := b.next(b.handed)
	if got := headerOf(m.header).ID; got != id {
		b.Fatalf("GoNB is handed %q, want %q", got, id)
	}
	return m
}

// answer answers as GoNB does.
func (b *bench) answer(m message, status string) {
	reply := m.answer("execute_reply", map[string]string{"status": status}, m.addresses...)
	must.M(b.gonb.SendMulti(zmq4.NewMsgFrom(reply.frames([]byte(key))...)))
}

// replied returns the parent's id and the status of the next reply.
func (b *bench) replied() string {
	b.Helper()
	m := b.next(b.replies)
	var c struct{ Status string }
	must.M(json.Unmarshal(m.content, &c))
	return headerOf(m.parent).ID + " " + c.Status
}

// quiet fails the test if a message arrives within a moment.
func (b *bench) quiet(from chan message) {
	b.Helper()
	select {
	case m := <-from:
		b.Errorf("%s comes", m.header)
	case <-time.After(50 * time.Millisecond):
	}
}

func TestCellsBehindOneThatFailsAreAborted(t *testing.T) {
	b := newBench(t)
	for _, id := range []string{"1", "2", "3"} {
		b.ask(id, "execute_request", `{"code": ""}`)
	}
	first := b.arrives("1")
	b.quiet(b.handed)
	b.answer(first, "error")
	got := []string{b.replied(), b.replied(), b.replied()}
	if want := []string{"1 error", "2 aborted", "3 aborted"}; !slices.Equal(got, want) {
		t.Errorf("the replies are %v, want %v", got, want)
	}
	// For a page, a cell is done after both the reply and the status idle.
	var states []string
	for range 4 {
		m := b.next(b.statuses)
		states = append(states, headerOf(m.parent).ID+strings.Trim(string(m.content), "{}"))
	}
	if want := []string{`2"execution_state":"busy"`, `2"execution_state":"idle"`, `3"execution_state":"busy"`, `3"execution_state":"idle"`}; !slices.Equal(states, want) {
		t.Errorf("the statuses are %v", states)
	}
	b.ask("4", "execute_request", `{}`)
	b.answer(b.arrives("4"), "ok")
	if got := b.replied(); got != "4 ok" {
		t.Errorf("a cell that is run afterwards gets %q", got)
	}
}

func TestCellsBehindOneThatSucceedsRunInOrder(t *testing.T) {
	b := newBench(t)
	for _, id := range []string{"1", "2", "3"} {
		b.ask(id, "execute_request", `{}`)
	}
	for _, id := range []string{"1", "2", "3"} {
		b.answer(b.arrives(id), "ok")
		if got := b.replied(); got != id+" ok" {
			t.Errorf("cell %s gets %q", id, got)
		}
	}
}

func TestACellThatDoesNotAskToStopAbortsNothing(t *testing.T) {
	b := newBench(t)
	b.ask("1", "execute_request", `{"stop_on_error": false}`)
	b.ask("2", "execute_request", `{}`)
	b.answer(b.arrives("1"), "error")
	b.arrives("2")
}

func TestCellsBehindAnInterruptedOneAreAbortedWhateverGoNBSays(t *testing.T) {
	b := newBench(t)
	b.ask("1", "execute_request", `{}`)
	first := b.arrives("1")
	b.ask("2", "execute_request", `{}`)
	b.quiet(b.handed)
	must.M(b.control.SendMulti(zmq4.NewMsgFrom(message{nil, []byte(`{"msg_id": "3", "msg_type": "interrupt_request"}`), []byte("{}"), []byte("{}"), []byte("{}")}.frames([]byte(key))...)))
	if got := headerOf(b.next(b.orders).header).Type; got != "interrupt_request" {
		t.Errorf("GoNB is sent %q", got)
	}
	if _, err := os.Stat(b.Mark); err != nil {
		t.Error("the cell's launcher can't see the interrupt")
	}
	b.answer(first, "ok")
	if got := []string{b.replied(), b.replied()}; !slices.Equal(got, []string{"1 ok", "2 aborted"}) {
		t.Errorf("the replies are %v", got)
	}
	b.ask("4", "execute_request", `{}`)
	b.arrives("4")
	if _, err := os.Stat(b.Mark); err == nil {
		t.Error("the next cell is taken for interrupted")
	}
}

func TestOtherMessagesDoNotWaitForTheRunningCell(t *testing.T) {
	b := newBench(t)
	b.ask("1", "execute_request", `{}`)
	b.arrives("1")
	b.ask("2", "execute_request", `{}`)
	b.ask("3", "comm_msg", `{"data": 1}`)
	b.arrives("3")
	m := message{}.answer("stream", map[string]string{"text": "hello"}, []byte("stream"))
	must.M(b.publisher.SendMulti(zmq4.NewMsgFrom(m.frames([]byte(key))...)))
	if got := b.next(b.statuses); headerOf(got.header).Type != "stream" {
		t.Errorf("a cell's output comes as %s", got.header)
	}
}

func TestARequestForCommsIsAnsweredWhileACellRuns(t *testing.T) {
	b := newBench(t)
	b.ask("1", "execute_request", `{}`)
	b.arrives("1")
	b.ask("2", "comm_info_request", `{}`)
	m := b.next(b.replies)
	if got := headerOf(m.header).Type + " " + headerOf(m.parent).ID + " " + string(m.content); got != `comm_info_reply 2 {"comms":{},"status":"ok"}` {
		t.Errorf("the reply is %s", got)
	}
	b.quiet(b.handed)
}

func TestAnErrorAboutStatementsSaysThatTheCellLacksItsMark(t *testing.T) {
	b := newBench(t)
	publish := func(text string) string {
		m := message{}.answer("error", map[string]any{"ename": "ERROR", "evalue": text, "traceback": []string{text}}, []byte("error"))
		must.M(b.publisher.SendMulti(zmq4.NewMsgFrom(m.frames([]byte(key))...)))
		return string(b.next(b.statuses).content)
	}
	if got := publish("1:1: expected declaration, found fmt"); !strings.Contains(got, "Put %% above the first statement") || !strings.Contains(got, "found fmt") {
		t.Errorf("the page hears %s", got)
	}
	if got := publish("undefined: x"); strings.Contains(got, "%%") {
		t.Errorf("of another error the page hears %s", got)
	}
}

// checkout lets the relay read this checkout's sources.
func checkout(t *testing.T) {
	t.Setenv("ESSNAS_ROOT", must.M1(filepath.Abs(filepath.Join("..", "..", ".."))))
	goroot := must.M1(exec.Command("go", "env", "GOROOT").Output())
	t.Setenv("ESSNAS_GO", filepath.Join(strings.TrimSpace(string(goroot)), "bin", "go"))
}

func TestWordsWithinStringsAreCompletedWithoutGoNB(t *testing.T) {
	checkout(t)
	b := newBench(t)
	b.ask("1", "complete_request", `{"code": "nb.Search(nb.Set(\"ss_f", "cursor_pos": 22}`)
	m := b.next(b.replies)
	if got := headerOf(m.header).Type + " " + headerOf(m.parent).ID + " " + string(m.content); got != `complete_reply 1 {"status":"ok","matches":["ss_factor"],"cursor_start":18,"cursor_end":22,"metadata":{}}` {
		t.Errorf("the reply is %s", got)
	}
	b.quiet(b.handed)
}

func TestAnswersAboutNamesSayWhatTheLanguageServerCannot(t *testing.T) {
	checkout(t)
	b := newBench(t)
	for i, c := range []struct{ law, kind, code, answer, want, not string }{
		{"packages that aren't imported", "complete", "figure.Curv", `{"status": "error", "matches": [], "cursor_start": 11, "cursor_end": 11, "metadata": {}}`, `"status":"ok","matches":["Curve","Curves"],"cursor_start":7,"cursor_end":11`, ""},
		{"and beside its own answers", "complete", "cellg", `{"status": "ok", "matches": ["cellgold"], "cursor_start": 0, "cursor_end": 5}`, `"matches":["cellgold","cellgraph"],"cursor_start":0`, ""},
		{"an unfinished call", "inspect", "nb.Search(", `{"status": "ok", "found": true, "data": {"text/plain": "no package for /tmp/gonb_1/main.go: column is beyond end of line"}}`, "func Search(options ...Option) *Run", "/tmp"},
		{"an unfinished statement without its errors and files", "inspect", "x := (", `{"status": "ok", "found": true, "data": {"text/plain": "jsonrpc2: code 0: /tmp/gonb_1/main.go:3 expected operand"}}`, "finish the statement", "/tmp"},
		{"what it has explained stays", "inspect", "nb.Search()", `{"status": "ok", "found": true, "data": {"text/markdown": "func x\n[on pkg.go.dev](https://pkg.go.dev/gonb_1#x)\nend"}}`, `func x\nend`, "gonb_1"},
		{"GoNB's own help stays", "inspect", "%help", `{"status": "ok", "found": true, "data": {"text/plain": "GoNB help"}}`, "GoNB help", "finish"},
	} {
		id := fmt.Sprint("name", i)
		b.ask(id, c.kind+"_request", fmt.Sprintf(`{"code": %q, "cursor_pos": %d}`, c.code, len(c.code)))
		m := b.arrives(id)
		reply := m.answer(c.kind+"_reply", json.RawMessage(c.answer), m.addresses...)
		must.M(b.gonb.SendMulti(zmq4.NewMsgFrom(reply.frames([]byte(key))...)))
		if got := string(b.next(b.replies).content); !strings.Contains(got, c.want) || c.not != "" && strings.Contains(got, c.not) {
			t.Errorf("%s: the reply is %s", c.law, got)
		}
	}
}

func TestEveryMessageIsSignedAsItsReaderChecksIt(t *testing.T) {
	m := message{header: []byte(`{"a":1}`), parent: []byte("{}"), metadata: []byte("{}"), content: []byte(`{"b":2}`)}
	// printf '{"a":1}{}{}{"b":2}' | openssl dgst -sha256 -hmac secret
	if got := string(m.frames([]byte(key))[1]); got != signature {
		t.Errorf("the signature is %s", got)
	}
}
