package notebook

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Check ends the cell if err is not nil: it prints the error and the line of the cell that called
// Check.
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
			// The kernel replaces the file in this line by the cell.
			fmt.Fprintf(os.Stderr, "at %s:%d\n", f.File, f.Line)
			break
		}
		if !more {
			break
		}
	}
	os.Exit(1)
}
