package run

import (
	"os"
	"path/filepath"
	"strings"
)

// Command returns the command line of this program with these arguments.
func Command(args ...string) string {
	program := "essnas"
	if strings.Contains(filepath.ToSlash(os.Args[0]), "/go-build") {
		program = "go run ./lib/cmd/essnas"
	}
	for i, a := range args {
		if strings.ContainsAny(a, " '\"$\\&;()<>|*?") {
			args[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return program + " " + strings.Join(args, " ")
}
