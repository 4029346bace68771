package run

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/essnas/essnas/lib/internal/shell"
)

// Command returns the command line of this program with these arguments, quoted for a shell.
func Command(args ...string) string {
	program := "essnas"
	if strings.Contains(filepath.ToSlash(os.Args[0]), "/go-build") {
		program = "go run ./lib/cmd/essnas"
	}
	for _, a := range args {
		program += " " + shell.Quote(a)
	}
	return program
}
