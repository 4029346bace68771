package relay

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/jupyter/complete"
	"github.com/go-zeromq/zmq4"
)

// place is the position in a cell's code to which a request of Jupyter refers.
type place struct {
	Code   string `json:"code"`
	Cursor int    `json:"cursor_pos"`
}

// completed is the content of a complete_reply.
type completed struct {
	Status   string         `json:"status"`
	Matches  []string       `json:"matches"`
	Start    int            `json:"cursor_start"`
	End      int            `json:"cursor_end"`
	Metadata map[string]any `json:"metadata"`
}

// inspected is the content of an inspect_reply.
type inspected struct {
	Status   string         `json:"status"`
	Found    bool           `json:"found"`
	Data     map[string]any `json:"data"`
	Metadata map[string]any `json:"metadata"`
}

// ask answers a request for completion of known words. For other requests it remembers the place
// until GoNB has answered. ask reports whether it has answered.
func (r *Relay) ask(m message, kind string) bool {
	var p place
	if json.Unmarshal(m.content, &p) != nil {
		return false
	}
	if kind == "complete_request" {
		if a, ok := complete.Words(p.Code, p.Cursor); ok {
			r.respond(m, "complete_reply", completed{"ok", a.Matches, a.Start, a.End, map[string]any{}})
			return true
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[headerOf(m.header).ID] = p
	return false
}

// improved adds the answers of package complete to an answer of GoNB about names.
func (r *Relay) improved(raw zmq4.Msg) zmq4.Msg {
	m, err := parse(raw.Frames)
	kind := headerOf(m.header).Type
	if err != nil || kind != "complete_reply" && kind != "inspect_reply" {
		return raw
	}
	id := headerOf(m.parent).ID
	r.mu.Lock()
	p, known := r.asked[id]
	delete(r.asked, id)
	r.mu.Unlock()
	if !known {
		return raw
	}
	var content any
	if kind == "complete_reply" {
		var c completed
		if json.Unmarshal(m.content, &c) != nil {
			return raw
		}
		content = more(c, p)
	} else {
		var c inspected
		if json.Unmarshal(m.content, &c) != nil {
			return raw
		}
		content = explained(c, p)
	}
	text, err := json.Marshal(content)
	if err != nil {
		return raw
	}
	m.content = text
	return zmq4.NewMsgFrom(m.frames(r.key)...)
}

// more adds packages and their names to a completion.
func more(c completed, p place) completed {
	a := complete.Here().Packages(p.Code, p.Cursor)
	switch {
	case len(c.Matches) == 0:
		c.Matches, c.Start, c.End = a.Matches, a.Start, a.End
	case c.Start == a.Start:
		for _, name := range a.Matches {
			if !slices.Contains(c.Matches, name) {
				c.Matches = append(c.Matches, name)
			}
		}
	}
	c.Status = "ok" // the reader can do nothing about an error
	if c.Metadata == nil {
		c.Metadata = map[string]any{}
	}
	return c
}

// unexplained is the answer for a place without an explanation.
const unexplained = "There is no explanation of this place yet: finish the statement, or put the cursor into the name of a function or a type."

// ownLink matches a link to the documentation of a cell's module, which does not exist.
var ownLink = regexp.MustCompile(`(?m)^.*pkg\.go\.dev/gonb_.*\n?`)

// explained removes errors of the language server from an explanation, because they name files that
// the reader doesn't know. GoNB sends explanations as Markdown and errors as plain text.
func explained(c inspected, p place) inspected {
	if text, ok := c.Data["text/markdown"].(string); ok && text != "" {
		c.Data["text/markdown"] = ownLink.ReplaceAllString(text, "")
		return c
	}
	if special(p) {
		return c // GoNB's own help
	}
	c.Status, c.Found, c.Data, c.Metadata = "ok", true, map[string]any{"text/plain": unexplained}, map[string]any{}
	if text := complete.Here().Explain(p.Code, p.Cursor); text != "" {
		c.Data = map[string]any{"text/markdown": text, "text/plain": text}
	}
	return c
}

// special reports whether a place is in a line for GoNB, such as !ls or %help.
func special(p place) bool {
	before := []rune(p.Code)
	head := string(before[:min(max(p.Cursor, 0), len(before))])
	line := head[strings.LastIndexByte(head, '\n')+1:]
	if line == "" { // at its beginning
		line, _, _ = strings.Cut(p.Code[len(head):], "\n")
	}
	return strings.HasPrefix(line, "!") || strings.HasPrefix(line, "%")
}
