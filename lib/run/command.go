package run

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// plain is a word that no shell changes.
var plain = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// Command returns the command line of this program with these arguments, quoted for a shell.
func Command(args ...string) string {
	program := "essnas"
	if strings.Contains(filepath.ToSlash(os.Args[0]), "/go-build") {
		program = "go run ./lib/cmd/essnas"
	}
	for _, a := range args {
		if !plain.MatchString(a) {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		program += " " + a
	}
	return program
}
