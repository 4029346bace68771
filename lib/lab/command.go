package lab

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Again is what to type to repeat the command that the laboratory was made for.
func (l *Lab) Again() string { return command(slices.Clone(l.Command[min(1, len(l.Command)):])...) }

// command is what to type to run this program with these arguments.
func command(args ...string) string {
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

// Command is what to type to run this program with these arguments.
func Command(args ...string) string { return command(args...) }
