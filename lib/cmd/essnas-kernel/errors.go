package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const (
	longest = 10 // lines of an error's message that are shown
	frames  = 3  // lines of the cell that are shown from the stack of a crash
)

// crashes reports whether a line of a Go program's standard error begins the text of a crash.
func crashes(line string) bool {
	return strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "unexpected fault address ") || strings.HasPrefix(line, "runtime: out of memory")
}

var (
	goroutine = regexp.MustCompile(`^goroutine \d+ .*\[.*\]:`)
	cellLine  = regexp.MustCompile(`^\s+(\S*/gonb_[^/]+/main(?:_test)?\.go:\d+)`)
	goexit    = regexp.MustCompile(`\s*\[recovered(, repanicked)?\]`)
)

// brief returns the message of a crash and the lines of the cell that led to it. GoNB adds the
// cell's number to each line.
func brief(crash []string) string {
	if len(crash) == 0 {
		return ""
	}
	end := slices.IndexFunc(crash, goroutine.MatchString)
	if end < 0 {
		end = len(crash)
	}
	var text strings.Builder
	message := strings.Split(strings.TrimSpace(goexit.ReplaceAllString(strings.Join(crash[:end], ""), "")), "\n")
	for i, line := range message {
		if i == longest {
			fmt.Fprintf(&text, "(%d more lines)\n", len(message)-i)
			break
		}
		if strings.HasPrefix(line, "[signal ") {
			continue // the message has the same text
		}
		text.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	var seen []string
	for _, line := range crash[end:] {
		if m := cellLine.FindStringSubmatch(line); m != nil && !slices.Contains(seen, m[1]) && len(seen) < frames {
			seen = append(seen, m[1])
			fmt.Fprintf(&text, "at %s\n", m[1])
		}
	}
	return text.String()
}

// located matches a message with its position in the cell's file.
var located = regexp.MustCompile(`^(\S*main(?:_test)?\.go:\d+:\d+): (.+)$`)

// complaints shortens the output of a tool for a faulty cell: the first messages, each once, then
// the position of the first one. GoNB replaces the position by the cell, the line and the lines
// around it.
func complaints(out []byte) []byte {
	var messages []string
	place := ""
	for line := range strings.Lines(string(out)) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "# gonb_") || strings.TrimSpace(line) == "" || strings.HasSuffix(line, "too many errors") {
			continue
		}
		if m := located.FindStringSubmatch(line); m != nil {
			line = m[2]
			if place == "" {
				place = m[1]
			}
		}
		line = meant(line)
		if !slices.Contains(messages, line) {
			messages = append(messages, line)
		}
	}
	const most = 4
	text := strings.Join(messages[:min(most, len(messages))], "\n") + "\n"
	if more := len(messages) - most; more > 0 {
		text += fmt.Sprintf("and %d more\n", more)
	}
	if place != "" {
		text += place + ": here\n"
	}
	return []byte(text)
}
