package main

import (
	"fmt"
	"strings"
	"testing"
)

// panicked is what a cell writes when it panics, in the function of an earlier cell.
const panicked = `panic: runtime error: index out of range [3] with length 1 [recovered, repanicked]
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48f0a1]

goroutine 1 [running]:
main.third(...)
	/tmp/gonb_1a2b/main.go:12
main.main.func1()
	/tmp/gonb_1a2b/main.go:20 +0x1d
panic({0x4a2b00?, 0xc000012345?})
	/usr/local/go/src/runtime/panic.go:792 +0x132
main.main()
	/tmp/gonb_1a2b/main.go:20 +0x1d
exit status 2
`

func lines(text string) []string { return strings.SplitAfter(text, "\n") }

func TestOfACrashMessageAndTheCellsLinesAreLeft(t *testing.T) {
	deep := "panic: at the bottom\n\ngoroutine 1 [running]:\n"
	for i := range 500 {
		deep += fmt.Sprintf("main.deep(...)\n\t/tmp/gonb_1a2b/main.go:%d +0x1d\n", 100+i/100)
	}
	for _, c := range []struct{ law, crash, want string }{
		{"lines of the cell alone, each once", panicked, "panic: runtime error: index out of range [3] with length 1\nat /tmp/gonb_1a2b/main.go:12\nat /tmp/gonb_1a2b/main.go:20\n"},
		{"three of a deep one", deep, "panic: at the bottom\nat /tmp/gonb_1a2b/main.go:100\nat /tmp/gonb_1a2b/main.go:101\nat /tmp/gonb_1a2b/main.go:102\n"},
		{"of a long message the beginning", "panic: " + strings.Repeat("line\n", 12) + "goroutine 1 [running]:\n", "panic: " + strings.Repeat("line\n", 10) + "(2 more lines)\n"},
		{"the message where no goroutine is told", "fatal error: all is lost\n", "fatal error: all is lost\n"},
		{"nothing of nothing", "", ""},
	} {
		var crash []string
		if c.crash != "" {
			crash = lines(c.crash)
		}
		if got := brief(crash); got != c.want {
			t.Errorf("%s: %q, want %q", c.law, got, c.want)
		}
	}
}

func TestWhatACellWritesComesThroughUntilItCrashes(t *testing.T) {
	for _, c := range []struct{ law, text, want string }{
		{"all of it", "first\n\n  second\nno end of line", "first\n\n  second\nno end of line"},
		{"the crash in short", "before\n" + panicked, "before\npanic: runtime error: index out of range [3] with length 1\nat /tmp/gonb_1a2b/main.go:12\nat /tmp/gonb_1a2b/main.go:20\n"},
		{"panics that are only spoken of", "do not panic: stay\n panic: no\n", "do not panic: stay\n panic: no\n"},
		{"memory", "runtime: out of memory: cannot allocate 8-byte block\nfatal error: out of memory\n\ngoroutine 1 [running]:\n\t/tmp/gonb_1a2b/main.go:7 +0x1\n", "runtime: out of memory: cannot allocate 8-byte block\nfatal error: out of memory\nat /tmp/gonb_1a2b/main.go:7\n"},
	} {
		var got strings.Builder
		copyErrors(strings.NewReader(c.text), &got)
		if got.String() != c.want {
			t.Errorf("%s: %q, want %q", c.law, got.String(), c.want)
		}
	}
}

func TestOfComplaintsAFewAreLeftAndThePlaceOfTheFirst(t *testing.T) {
	many := "# gonb_1a2b\n"
	for i := range 9 {
		many += fmt.Sprintf("./main.go:%d:5: undefined: x%d\n", 10+i, i)
	}
	for _, c := range []struct{ law, out, want string }{
		{"one", "# gonb_1a2b\n./main.go:12:7: undefined: nothing\n", "undefined: nothing\n./main.go:12:7: here\n"},
		{"the same once", "./main.go:12:7: undefined: x\n./main.go:13:7: undefined: x\n", "undefined: x\n./main.go:12:7: here\n"},
		{"many", many + "./main.go:19:5: too many errors\n", "undefined: x0\nundefined: x1\nundefined: x2\nundefined: x3\nand 5 more\n./main.go:10:5: here\n"},
		{"without a place", "go: no such tool\n", "go: no such tool\n"},
	} {
		if got := string(complaints([]byte(c.out))); got != c.want {
			t.Errorf("%s: %q, want %q", c.law, got, c.want)
		}
	}
}
