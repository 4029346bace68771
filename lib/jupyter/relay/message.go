package relay

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/gofrs/uuid"
)

// delimiter separates the addresses of a message from its signed parts.
var delimiter = []byte("<IDS|MSG>")

// message is a message of Jupyter's wire protocol:
// https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol
type message struct {
	addresses [][]byte
	header    []byte // JSON, like the next three
	parent    []byte
	metadata  []byte
	content   []byte
}

// parse reads a message from its frames. It returns an error if they are no message.
func parse(frames [][]byte) (m message, err error) {
	for i, f := range frames {
		if bytes.Equal(f, delimiter) && len(frames) >= i+6 {
			return message{frames[:i], frames[i+2], frames[i+3], frames[i+4], frames[i+5]}, nil
		}
	}
	return m, errors.New("a message without a delimiter, a signature and four parts")
}

// frames returns the frames of a message, signed by HMAC-SHA256 with the key.
func (m message) frames(key []byte) [][]byte {
	parts := [][]byte{m.header, m.parent, m.metadata, m.content}
	var signature []byte
	if len(key) > 0 {
		mac := hmac.New(sha256.New, key)
		for _, p := range parts {
			mac.Write(p)
		}
		signature = []byte(hex.EncodeToString(mac.Sum(nil)))
	}
	return append(append(append([][]byte{}, m.addresses...), delimiter, signature), parts...)
}

// header contains the fields of a message's header that the relay reads.
type header struct {
	ID      string `json:"msg_id"`
	Type    string `json:"msg_type"`
	Session string `json:"session"` // of a page
}

func headerOf(text []byte) (h header) {
	json.Unmarshal(text, &h) // the fields of an invalid header stay empty
	return
}

// answer returns a message of type kind whose parent is the request m.
func (m message) answer(kind string, content any, addresses ...[]byte) message {
	var request struct {
		Session string `json:"session"`
		User    string `json:"username"`
	}
	json.Unmarshal(m.header, &request) // Jupyter needs none of the fields
	id, err := uuid.NewV4()
	if err != nil {
		panic(err) // the system has no random numbers
	}
	head, err := json.Marshal(map[string]string{
		"msg_id": id.String(), "msg_type": kind, "session": request.Session, "username": request.User,
		"date": time.Now().UTC().Format(time.RFC3339Nano), "version": "5.4",
	})
	if err == nil {
		var text []byte
		if text, err = json.Marshal(content); err == nil {
			return message{addresses, head, m.header, []byte("{}"), text}
		}
	}
	panic(err) // strings can't fail
}
