package serve

import (
	"encoding/json"
	"net"
	"slices"
	"sync"
	"time"
)

// delivering limits a client's time to read the rest of a complete answer.
const delivering = 10 * time.Second

// mostLines limits the number of lines queued for a client that does not read.
const mostLines = 1000

// speaker sends messages to a client without blocking the sender: a client that has stopped
// reading, such as a suspended cell process, must not delay the search that it watches. If the
// client reads too slowly, a status replaces the previous status, a figure replaces the previous
// figure, and the oldest lines are dropped.
type speaker struct {
	conn net.Conn

	mu     sync.Mutex
	queue  []Message
	ended  bool          // the last message is in the queue
	more   chan struct{} // has one token when the queue has changed
	silent chan struct{} // closed when no more messages will be sent
}

func newSpeaker(conn net.Conn) *speaker {
	s := &speaker{conn: conn, more: make(chan struct{}, 1), silent: make(chan struct{})}
	go s.speak()
	return s
}

// tell queues a message. Messages after the end of an answer are dropped.
func (s *speaker) tell(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	same := func(old Message) bool {
		return m.Status != "" && old.Status != "" || m.Figure != nil && old.Figure != nil
	}
	s.queue = append(slices.DeleteFunc(s.queue, same), m)
	if len(s.queue) > mostLines {
		s.queue = s.queue[1:]
	}
	s.ended = m.Result != nil || m.Error != "" || m.Ending
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// finish waits until the client has read the whole answer or its time has passed.
func (s *speaker) finish() {
	s.conn.SetWriteDeadline(time.Now().Add(delivering))
	<-s.silent
}

// speak sends the queued messages in order until the answer has ended or the client is gone.
func (s *speaker) speak() {
	defer close(s.silent)
	out := json.NewEncoder(s.conn)
	for range s.more {
		for {
			s.mu.Lock()
			if len(s.queue) == 0 {
				ended := s.ended
				s.mu.Unlock()
				if ended {
					return
				}
				break
			}
			m := s.queue[0]
			s.queue = s.queue[1:]
			s.mu.Unlock()
			if out.Encode(m) != nil {
				return // the client has closed the connection, which has cancelled the command
			}
		}
	}
}
