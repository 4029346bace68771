package main

import (
	"cmp"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/essnas/essnas/lib/jupyter/complete"
	"github.com/essnas/essnas/lib/settings"
)

// unknown matches the compiler's message about a name that a package does not have.
var unknown = regexp.MustCompile(`^undefined: (\w+)\.(\w+)$`)

// meant adds the most similar name of the package to such a message, if there is a similar one.
func meant(message string) string {
	m := unknown.FindStringSubmatch(message)
	if m == nil {
		return absent(message)
	}
	if near := settings.Nearest(m[2], exported(imported("main.go", m[1]))); near != "" {
		return message + ": did you mean " + m[1] + "." + near + "?"
	}
	return message
}

// alone matches the compiler's message about a package that goimports did not import, because the
// package lacks the name that the cell uses.
var alone = regexp.MustCompile(`^undefined: (\w+)$`)

// absent adds the most similar name to such a message, if the package is one of Go's library.
func absent(message string) string {
	m := alone.FindStringSubmatch(message)
	if m == nil {
		return message
	}
	names := exported(filepath.Join(complete.Here().Go, m[1]))
	f, err := parser.ParseFile(token.NewFileSet(), "main.go", nil, 0)
	if err != nil || len(names) == 0 {
		return message
	}
	for _, name := range missing(f)[m[1]] {
		if near := settings.Nearest(name, names); near != "" && near != name {
			return "undefined: " + m[1] + "." + name + ": did you mean " + m[1] + "." + near + "?"
		}
	}
	return message
}

// imported returns the directory of the package that a file imports by that name, or "" if the
// package is neither in Go's library nor in the checkout.
func imported(file, name string) string {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return ""
	}
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil || i.Name != nil && i.Name.Name != name || i.Name == nil && path.Base(p) != name {
			continue
		}
		return complete.Here().Imported(p)
	}
	return ""
}

// exported returns the exported names of the package in a directory, long names first. Among
// equally similar names the longer one wins, because typing errors omit letters more often than
// they add them.
func exported(dir string) (names []string) {
	names = complete.Exported(dir)
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	return names
}
