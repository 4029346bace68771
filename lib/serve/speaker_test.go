package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/janpfeifer/must"
)

func TestAClientThatDoesNotReadHoldsUpNeitherTheCommandNorOthers(t *testing.T) {
	c := sources(t)
	ended := make(chan bool, 1)
	client, _ := run(t, c, &Server{Do: func(_ context.Context, args []string, tell func(Message)) (json.RawMessage, error) {
		if args[0] == "short" {
			return json.Marshal("done")
		}
		for i := range 3000 {
			tell(Message{Status: strings.Repeat("x", 1000)})
			tell(Message{Figure: &Figure{SVG: fmt.Sprint(i)}})
		}
		tell(Message{Say: "said"})
		ended <- true
		return json.Marshal(42)
	}})
	conn := must.M1(net.Dial("unix", client.socket))
	defer conn.Close()
	must.M(json.NewEncoder(conn).Encode(Question{Do: &Request{Args: []string{"long"}}}))
	select { // megabytes of it, and nobody reads
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the command waits for its client")
	}
	if _, err := client.Do(t.Context(), Request{Args: []string{"short"}}, func(Message) {}); err != nil {
		t.Errorf("another client hears %v", err)
	}
	// Who reads at last has the newest figure, the line and the result.
	var figure, said, result string
	in := json.NewDecoder(conn)
	for result == "" {
		var m Message
		if err := in.Decode(&m); err != nil {
			t.Fatal(err)
		}
		if m.Figure != nil {
			figure = m.Figure.SVG
		}
		said, result = said+m.Say, string(m.Result)
	}
	if figure != "2999" || said != "said" || result != "42" {
		t.Errorf("the client has the figure %q, the line %q and the result %q", figure, said, result)
	}
}

// crowded is a listener that has no room for the first connections.
type crowded struct {
	net.Listener
	refusals int
}

func (l *crowded) Accept() (net.Conn, error) {
	if l.refusals > 0 {
		l.refusals--
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

func TestAServerOutlivesAMomentWithoutRoomForConnections(t *testing.T) {
	s := &Server{Do: parrot, Explain: error.Error, owners: map[int]bool{}, busy: map[int]string{}}
	s.life, s.cancel = context.WithCancel(t.Context())
	l := must.M1(net.Listen("tcp", "127.0.0.1:0"))
	served := make(chan error, 1)
	go func() { served <- s.serve(&crowded{l, 3}) }()
	conn := must.M1(net.Dial("tcp", l.Addr().String()))
	defer conn.Close()
	must.M(json.NewEncoder(conn).Encode(Question{Do: &Request{Args: []string{"a"}}}))
	var m Message
	if err := json.NewDecoder(conn).Decode(&m); err != nil || m.Say != "a" {
		t.Errorf("the answer is %+v, %v", m, err)
	}
	l.Close()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
