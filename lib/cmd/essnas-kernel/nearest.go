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

// unknown matches the compiler's word on a name that a package does not have.
var unknown = regexp.MustCompile(`^undefined: (\w+)\.(\w+)$`)

// meant completes such a message by the name of the package that is nearest, if one is near.
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

// alone matches the compiler's word on a package that goimports could not import, because it has no
// such name.
var alone = regexp.MustCompile(`^undefined: (\w+)$`)

// absent says of such a package of Go's library which of its names was meant.
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

// imported is the directory of the package that a file imports by that name; "" if it is neither in
// Go's library nor in the checkout.
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

// exported are the exported names of the package in a directory, long ones first: of two that are
// equally near a letter was more likely forgotten than added.
func exported(dir string) (names []string) {
	names = complete.Exported(dir)
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	return names
}
