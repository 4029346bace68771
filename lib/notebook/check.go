package notebook

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Check ends the cell if there is an error: it prints the error and the line of the cell that led to it.
func Check(err error) {
	if err != nil {
		end(err.Error())
	}
}

// end ends the cell with a message.
func end(message string) {
	fmt.Fprintln(os.Stderr, message)
	pc := make([]uintptr, 32)
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc)])
	for {
		f, more := frames.Next()
		if filepath.Base(f.File) == "main.go" && strings.HasPrefix(filepath.Base(filepath.Dir(f.File)), "gonb_") {
			fmt.Fprintf(os.Stderr, "at %s:%d\n", f.File, f.Line) // before this the kernel says which cell's line it is
			break
		}
		if !more {
			break
		}
	}
	os.Exit(1)
}
