package relay

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/go-zeromq/zmq4"
	"github.com/janpfeifer/must"
)

// asks sends a message as the page of a session does.
func (b *bench) asks(session, id, kind string) {
	m := message{nil, fmt.Appendf(nil, `{"msg_id": %q, "msg_type": %q, "session": %q}`, id, kind, session), []byte("{}"), []byte("{}"), []byte("{}")}
	must.M(b.jupyter.SendMulti(zmq4.NewMsgFrom(m.frames([]byte(key))...)))
}

// says publishes a status as GoNB does.
func (b *bench) says(m message, state string) {
	status := m.answer("status", map[string]string{"execution_state": state}, []byte("status"))
	must.M(b.publisher.SendMulti(zmq4.NewMsgFrom(status.frames([]byte(key))...)))
}

// told returns the next statuses: the parent's id and the state.
func (b *bench) told(n int) (all []string) {
	b.Helper()
	for range n {
		m := b.next(b.statuses)
		var c struct {
			State string `json:"execution_state"`
		}
		must.M(json.Unmarshal(m.content, &c))
		all = append(all, headerOf(m.parent).ID+" "+c.State)
	}
	return all
}

func TestAnAnswerLeavesTheKernelBusyWhileACellRuns(t *testing.T) {
	b := newBench(t)
	b.asks("page", "cell", "execute_request")
	cell := b.arrives("cell")
	b.says(cell, "busy")
	if got := b.told(1); !slices.Equal(got, []string{"cell busy"}) {
		t.Fatalf("the page hears %q", got)
	}
	b.asks("page", "during", "comm_info_request")
	// A widget of the running cell takes the status busy of another request for a restart.
	if got, want := b.told(2), []string{"during idle", "cell busy"}; !slices.Equal(got, want) {
		t.Errorf("during the cell the page hears %q, want %q", got, want)
	}
	b.says(cell, "idle")
	b.told(1)
	b.asks("page", "after", "comm_info_request")
	if got, want := b.told(2), []string{"after busy", "after idle"}; !slices.Equal(got, want) {
		t.Errorf("after the cell the page hears %q, want %q", got, want)
	}
}

func TestAPageThatIsOpenedDuringACellLearnsTheKernelAtOnce(t *testing.T) {
	b := newBench(t)
	b.asks("server", "first", "kernel_info_request")
	first := b.arrives("first")
	reply := first.answer("kernel_info_reply", map[string]string{"implementation": "gonb"}, first.addresses...)
	must.M(b.gonb.SendMulti(zmq4.NewMsgFrom(reply.frames([]byte(key))...)))
	answered := func() string {
		m := b.next(b.replies)
		return headerOf(m.header).Type + " " + headerOf(m.parent).ID + " " + string(m.content)
	}
	const content = `{"implementation":"gonb"}`
	if got := answered(); got != "kernel_info_reply first "+content {
		t.Fatalf("the server gets %s", got)
	}
	b.asks("page", "cell", "execute_request")
	cell := b.arrives("cell")
	b.asks("opened", "second", "kernel_info_request")
	if got := answered(); got != "kernel_info_reply second "+content {
		t.Errorf("the opened page gets %s", got)
	}
	b.quiet(b.handed)
	// A widget of the running cell asks whether the kernel still works on the cell.
	b.asks("page", "third", "kernel_info_request")
	b.arrives("third")
	b.answer(cell, "ok")
	if got := b.replied(); got != "cell ok" {
		t.Fatalf("the cell gets %q", got)
	}
	b.asks("opened", "fourth", "kernel_info_request")
	b.arrives("fourth")
}
