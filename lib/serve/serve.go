// Package serve lets one process compute for many: the server keeps the backend open and its programs compiled, and clients (the cells of a notebook) ask it
// over a socket for what the command line does. It links no XLA itself, so that clients are small.
//
// # Protocol
//
// A Unix socket of mode 0600 in the user's private cache directory, one for each checkout; the server answers processes of its own user only. A connection is one
// [Question] as JSON, and its answer, a stream of [Message]s, one JSON object a line. A client that closes the connection before the end cancels: the command saves what
// it has and stops. It is not HTTP, because cells would link the half of Go's library that package net/http needs, and take that much longer.
//
// # Life
//
// [Dial] starts the server when there is none, builds it first where sources have changed since, and replaces one that is older than the sources, as soon as that has
// nothing to do. The server ends by itself some seconds after the last of its clients' notebooks has, or after half an hour without a request. If it dies in the
// middle of a command, [Ask] starts another and asks again, once: a run goes on from its last checkpoint, and all else can be repeated.
package serve

import (
	"encoding/json"
	"path/filepath"

	"github.com/essnas/essnas/lib/internal/home"
)

// Question is what a client says. Without any of the fields it asks for the server's [Info].
type Question struct {
	Do   *Request `json:"do,omitempty"`
	Quit string   `json:"quit,omitempty"` // the server is to end: "now", what it is at work on is saved; "idle", if it is not at work
}

// Request asks for a command of essnas.
type Request struct {
	Args  []string `json:"args"`  // as on a command line, without the program's name; paths in it are absolute
	Owner int      `json:"owner"` // the process that the client works for, e.g. a notebook's kernel: without owners, the server ends
}

// Message is a line of an answer. One of the fields is set; the last three end it.
type Message struct {
	Say    string          `json:"say,omitempty"`    // something to tell for good
	Status string          `json:"status,omitempty"` // how far things are; the next one replaces it
	Figure *Figure         `json:"figure,omitempty"` // of the run that is made; the next one replaces it
	Result json.RawMessage `json:"result,omitempty"` // what the command came to, or the Info, or null
	Error  string          `json:"error,omitempty"`  // why it came to nothing, in a sentence
	Ending bool            `json:"ending,omitempty"` // the server takes no more requests
}

// Figure is a drawing of where a run stands.
type Figure struct {
	SVG  string `json:"svg"`
	Text string `json:"text"` // what can be read where pictures can't be seen
}

// Info says what a server is.
type Info struct {
	PID     int      `json:"pid"`
	Sources string   `json:"sources"` // see home.Checkout.Sources
	Busy    []string `json:"busy"`    // commands under way
	Ending  bool     `json:"ending"`  // takes no more
}

// place is where the server of a checkout has its socket, its lock and its log.
type place struct {
	dir string
	home.Checkout
}

func placeOf(c home.Checkout) (place, error) {
	dir, err := c.Dir()
	return place{dir, c}, err
}

// socket is the path to listen at. Unix bounds its length at some hundred bytes, so where the cache directory's name is long it is in a private directory of the
// system's temporary one.
func (p place) socket() (string, error) {
	path := filepath.Join(p.dir, "socket")
	if len(path) <= 100 {
		return path, nil
	}
	return short(p.dir)
}

// sources is a file with the sum over the sources that the program was built from.
func (p place) sources() string { return filepath.Join(p.dir, "bin", "sources") }
func (p place) program() string { return filepath.Join(p.dir, "bin", "essnas") }
func (p place) pid() string     { return filepath.Join(p.dir, "server.pid") }
func (p place) log() string     { return filepath.Join(p.dir, "server.log") }
