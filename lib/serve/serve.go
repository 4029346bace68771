// Package serve lets one process compute for many clients. The server keeps the backend open and
// its programs compiled. Clients, such as the cells of a notebook, send commands of the command
// line over a socket. The package does not link XLA, so that clients are small.
//
// # Protocol
//
// The server listens on a Unix socket of mode 0600 in the user's private cache directory, one for
// each checkout, and answers processes of its own user only. A connection carries one [Question] as
// JSON and its answer, a stream of [Message] values, one JSON object a line. A client that closes
// the connection early cancels the command, which saves its state and stops. The protocol is not
// HTTP, because package net/http would add much to the linking time of every cell.
//
// # Life
//
// [Dial] starts the server if there is none, and builds it first if sources have changed. It
// replaces a server older than the sources as soon as that server is idle. The server ends by
// itself some seconds after the last of its clients' notebooks, or after half an hour without a
// request. If it dies in the middle of a command, [Ask] starts another one and repeats the request
// once: a run continues from its last checkpoint, and other commands can be repeated.
package serve

import (
	"encoding/json"
	"path/filepath"

	"github.com/essnas/essnas/lib/internal/checkout"
)

// Question is the message of a client. Without any field it asks for the server's [Info].
type Question struct {
	Do *Request `json:"do,omitempty"`
	// Quit ends the server: "now" after it has saved its work, "idle" only if it has no work.
	Quit string `json:"quit,omitempty"`
}

// Request asks for a command of essnas.
type Request struct {
	// Args is a command line without the program's name and with absolute paths.
	Args []string `json:"args"`
	// Owner is the process that the client serves, such as a notebook's kernel. The server ends when
	// all owners have ended.
	Owner int `json:"owner"`
}

// Message is a line of an answer. One of the fields is set; the last three end the answer.
type Message struct {
	Say    string          `json:"say,omitempty"`    // permanent text
	Status string          `json:"status,omitempty"` // progress; replaced by the next one
	Figure *Figure         `json:"figure,omitempty"` // present state of the run; replaced by the next one
	Result json.RawMessage `json:"result,omitempty"` // result of the command, the Info, or null
	Error  string          `json:"error,omitempty"`  // reason of a failure, in a sentence
	Ending bool            `json:"ending,omitempty"` // the server accepts no more requests
}

// Figure is a drawing of the state of a run.
type Figure struct {
	SVG  string `json:"svg"`
	Text string `json:"text"` // alternative to the image
}

// Info describes a server.
type Info struct {
	PID     int      `json:"pid"`
	Sources string   `json:"sources"` // see checkout.Tree.Sources
	Busy    []string `json:"busy"`    // commands in progress
	Ending  bool     `json:"ending"`  // accepts no more requests
}

// place is the directory of the server of a checkout, with its socket, its lock and its log.
type place struct {
	dir string
	checkout.Tree
}

func placeOf(c checkout.Tree) (place, error) {
	dir, err := c.Dir()
	return place{dir, c}, err
}

// socket returns the path of the socket. Unix limits its length to about a hundred bytes, so with a
// long cache directory it lies in a private directory of the system's temporary one.
func (p place) socket() (string, error) {
	path := filepath.Join(p.dir, "socket")
	if len(path) <= 100 {
		return path, nil
	}
	return short(p.dir)
}

// sources is the file with the checksum of the sources that the program was built from.
func (p place) sources() string { return filepath.Join(p.dir, "bin", "sources") }
func (p place) program() string { return filepath.Join(p.dir, "bin", "essnas") }
func (p place) pid() string     { return filepath.Join(p.dir, "server.pid") }
func (p place) log() string     { return filepath.Join(p.dir, "server.log") }
