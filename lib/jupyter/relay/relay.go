package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
)

// Relay forwards messages between Jupyter and GoNB.
type Relay struct {
	// File is the connection file for GoNB.
	File string
	// Mark is a file that exists while the running cell is interrupted. GoNB forgets an interrupt
	// that arrives during compilation. The cell's launcher therefore checks this file before the
	// cell begins.
	Mark string

	key    []byte
	cancel context.CancelFunc

	// Jupyter's side and GoNB's side of each channel.
	shell, control, iopub              zmq4.Socket
	gonbShell, gonbControl, gonbOutput zmq4.Socket

	mu        sync.Mutex
	running   *message         // the execute request that GoNB works on
	queue     []message        // the waiting execute requests
	interrupt bool             // the running request was interrupted
	asked     map[string]place // requests about names that GoNB works on, by the id of the message
	info      json.RawMessage  // GoNB's answer to a request for the kernel's properties; nil: none yet

	publish sync.Mutex // of iopub; guards busy
	busy    []byte     // header of the execute request between GoNB's statuses busy and idle; nil: none

	answering sync.Mutex
}

// Start listens at the ports of shell, control and iopub in Jupyter's connection file, and writes a
// connection file with other ports for GoNB, which need not run yet. It returns an error if the
// file can't be read or a port is in use.
func Start(connectionFile string) (*Relay, error) {
	text, err := os.ReadFile(connectionFile)
	if err != nil {
		return nil, fmt.Errorf("Jupyter's connection file can't be read: %w", err)
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("%s is no connection file of Jupyter: %w", connectionFile, err)
	}
	var given struct {
		Transport string `json:"transport"`
		IP        string `json:"ip"`
		Shell     int    `json:"shell_port"`
		Control   int    `json:"control_port"`
		IOPub     int    `json:"iopub_port"`
		Key       string `json:"key"`
	}
	if err := json.Unmarshal(text, &given); err != nil {
		return nil, fmt.Errorf("%s is no connection file of Jupyter: %w", connectionFile, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	again := []zmq4.Option{zmq4.WithDialerRetry(10 * time.Millisecond), zmq4.WithDialerMaxRetries(-1), zmq4.WithAutomaticReconnect(false)}
	r := &Relay{
		key: []byte(given.Key), cancel: cancel, asked: map[string]place{},
		shell: zmq4.NewRouter(ctx), control: zmq4.NewRouter(ctx), iopub: zmq4.NewPub(ctx),
		gonbShell: zmq4.NewDealer(ctx, again...), gonbControl: zmq4.NewDealer(ctx, again...), gonbOutput: zmq4.NewSub(ctx, again...),
	}
	at := func(port int) string { return fmt.Sprintf("%s://%s:%d", given.Transport, given.IP, port) }
	err = errors.Join(r.shell.Listen(at(given.Shell)), r.control.Listen(at(given.Control)), r.iopub.Listen(at(given.IOPub)))
	var ports [3]int
	if err == nil {
		ports, err = free(given.IP)
	}
	if err == nil {
		all["shell_port"], all["control_port"], all["iopub_port"] = ports[0], ports[1], ports[2]
		err = r.write(filepath.Base(connectionFile), all)
	}
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("the channels between Jupyter and the kernel can't be opened: %w", err)
	}
	go r.connect(at(ports[0]), at(ports[1]), at(ports[2]))
	return r, nil
}

// free finds three unused ports.
func free(ip string) (ports [3]int, err error) {
	for i := range ports {
		l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
		if err != nil {
			return ports, err
		}
		defer l.Close() // only at the end, so that the ports differ
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

// write writes GoNB's connection file. GoNB reads the kernel's id from its name.
func (r *Relay) write(name string, all map[string]any) error {
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "essnas-kernel-") // readable by this user alone
	if err != nil {
		return err
	}
	r.File, r.Mark = filepath.Join(dir, name), filepath.Join(dir, "interrupted")
	return os.WriteFile(r.File, text, 0o600)
}

// Close ends the relay and removes its connection file.
func (r *Relay) Close() {
	r.cancel()
	for _, s := range []zmq4.Socket{r.shell, r.control, r.iopub, r.gonbShell, r.gonbControl, r.gonbOutput} {
		s.Close() // an error has no consequence any more
	}
	if r.File != "" {
		os.RemoveAll(filepath.Dir(r.File))
	}
}

// connect waits for GoNB and forwards messages until a channel is closed.
func (r *Relay) connect(shell, control, iopub string) {
	if r.gonbOutput.SetOption(zmq4.OptionSubscribe, "") != nil || r.gonbOutput.Dial(iopub) != nil ||
		r.gonbControl.Dial(control) != nil || r.gonbShell.Dial(shell) != nil {
		return // the relay was closed
	}
	go pass(r.gonbOutput, r.output)
	go pass(r.gonbControl, func(m zmq4.Msg) { r.control.SendMulti(m) })
	go pass(r.gonbShell, r.reply)
	go pass(r.control, r.command)
	pass(r.shell, r.request)
}

// pass gives each message of a socket to f, until the socket is closed.
func pass(from zmq4.Socket, f func(zmq4.Msg)) {
	for {
		m, err := from.Recv()
		if err != nil {
			return
		}
		f(m)
	}
}

// output takes a message from GoNB's iopub channel.
func (r *Relay) output(raw zmq4.Msg) {
	m, err := parse(raw.Frames)
	r.publish.Lock()
	defer r.publish.Unlock()
	if err == nil && headerOf(m.header).Type == "status" && headerOf(m.parent).Type == "execute_request" {
		var c struct {
			State string `json:"execution_state"`
		}
		json.Unmarshal(m.content, &c) // the state of an invalid message stays empty
		r.busy = nil
		if c.State == "busy" {
			r.busy = m.parent
		}
	}
	r.iopub.SendMulti(r.hinted(raw)) // clients that don't listen miss the message
}

// status publishes the kernel's state in the course of a request. The caller holds r.publish.
func (r *Relay) status(m message, state string) {
	r.iopub.SendMulti(zmq4.NewMsgFrom(m.answer("status", map[string]string{"execution_state": state}, []byte("status")).frames(r.key)...))
}

// answer sends a message on shell.
func (r *Relay) answer(m zmq4.Msg) {
	r.answering.Lock()
	defer r.answering.Unlock()
	r.shell.SendMulti(m) // a closed page misses the message
}

// forgotten is the Go parser's message about statements outside of a function.
const forgotten = "expected declaration, found"

// hinted adds a hint to GoNB's error about statements outside of a function.
func (r *Relay) hinted(raw zmq4.Msg) zmq4.Msg {
	m, err := parse(raw.Frames)
	if err != nil || headerOf(m.header).Type != "error" || !bytes.Contains(m.content, []byte(forgotten)) {
		return raw
	}
	var c map[string]any
	if json.Unmarshal(m.content, &c) != nil {
		return raw
	}
	const hint = "Statements stand below a line with %% in a cell; above it are functions, types, constants and imports. Put %% above the first statement."
	lines, _ := c["traceback"].([]any)
	c["traceback"] = append([]any{hint, ""}, lines...)
	if m.content, err = json.Marshal(c); err != nil {
		return raw
	}
	return zmq4.NewMsgFrom(m.frames(r.key)...)
}

// command takes a message from Jupyter's control channel.
func (r *Relay) command(raw zmq4.Msg) {
	if m, err := parse(raw.Frames); err == nil && headerOf(m.header).Type == "interrupt_request" {
		r.mu.Lock()
		if r.running != nil {
			r.interrupt = true
			// If the write fails, the cell runs, as it would under GoNB alone.
			os.WriteFile(r.Mark, nil, 0o600)
		}
		r.mu.Unlock()
	}
	r.gonbControl.SendMulti(raw)
}

// request takes a message from Jupyter.
func (r *Relay) request(raw zmq4.Msg) {
	m, err := parse(raw.Frames)
	if err == nil && headerOf(m.header).Type == "comm_info_request" {
		// A page that opens a notebook waits for the answer, which GoNB never sends.
		r.respond(m, "comm_info_reply", map[string]any{"status": "ok", "comms": struct{}{}})
		return
	}
	if err == nil && headerOf(m.header).Type == "kernel_info_request" {
		if info := r.known(m); info != nil {
			r.respond(m, "kernel_info_reply", info)
			return
		}
	}
	if kind := headerOf(m.header).Type; err == nil && (kind == "complete_request" || kind == "inspect_request") && r.ask(m, kind) {
		return
	}
	if err != nil || headerOf(m.header).Type != "execute_request" {
		r.gonbShell.SendMulti(raw)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = append(r.queue, m)
	r.next()
}

// known returns GoNB's answer to an earlier request for the kernel's properties if GoNB would answer
// this request only after the running cell. A page that is opened meanwhile shows the state
// "unknown" until it has the answer. The page of the running cell is not answered early: its widgets
// learn by such a request whether the kernel was restarted.
func (r *Relay) known(m message) json.RawMessage {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running == nil || headerOf(r.running.header).Session == headerOf(m.header).Session {
		return nil
	}
	return r.info
}

// next forwards the first execute request of the queue if GoNB is idle.
func (r *Relay) next() {
	if r.running != nil || len(r.queue) == 0 {
		return
	}
	r.running, r.interrupt = &r.queue[0], false
	os.Remove(r.Mark) // the file need not exist
	r.queue = r.queue[1:]
	r.gonbShell.SendMulti(zmq4.NewMsgFrom(r.running.frames(r.key)...))
}

// reply takes a message from GoNB. At the end of an execution it aborts the queue or continues it.
func (r *Relay) reply(raw zmq4.Msg) {
	r.answer(r.improved(raw))
	m, err := parse(raw.Frames)
	kind := headerOf(m.header).Type
	if err != nil || kind != "execute_reply" && kind != "kernel_info_reply" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if kind == "kernel_info_reply" {
		r.info = m.content
		return
	}
	if r.running == nil || headerOf(m.parent).ID != headerOf(r.running.header).ID {
		return
	}
	if (failed(m.content) || r.interrupt) && stops(r.running.content) {
		for _, queued := range r.queue {
			r.abort(queued)
		}
		r.queue = nil
	}
	r.running = nil
	r.next()
}

// failed reports whether the content of an execute reply is an error.
func failed(content []byte) bool {
	var c struct {
		Status string `json:"status"`
	}
	return json.Unmarshal(content, &c) == nil && c.Status != "ok"
}

// stops reports whether the content of an execute request has stop_on_error, which is the default.
func stops(content []byte) bool {
	c := struct {
		Stop bool `json:"stop_on_error"`
	}{true}
	return json.Unmarshal(content, &c) != nil || c.Stop
}

// abort answers an execute request that never runs.
func (r *Relay) abort(m message) {
	r.respond(m, "execute_reply", map[string]any{"status": "aborted"})
}

// respond answers a request in GoNB's place. While a cell runs the kernel stays busy: a page takes
// the last status for the kernel's state, so that the status busy of the cell follows.
func (r *Relay) respond(m message, kind string, content any) {
	r.publish.Lock()
	if r.busy == nil {
		r.status(m, "busy")
	}
	r.publish.Unlock()
	r.answer(zmq4.NewMsgFrom(m.answer(kind, content, m.addresses...).frames(r.key)...))
	r.publish.Lock()
	defer r.publish.Unlock()
	r.status(m, "idle")
	if r.busy != nil {
		r.status(message{header: r.busy}, "busy")
	}
}
