package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// goimports adds the imports of the checkout's packages to a file and then calls the real
// goimports. GoNB calls it for every cell. For a missing import of a package of the checkout, the
// real goimports would call the go command four times, which takes ten times as long as everything
// else.
func goimports(args []string) {
	if len(args) == 2 && args[0] == "-w" {
		importOwn(args[1], os.Getenv("ESSNAS_ROOT"))
	}
	checked(exec.Command(filepath.Join(os.Getenv("ESSNAS_TOOLS"), "goimports"), args...))
}

// importOwn adds the missing imports of the checkout's packages to a file. It writes them on the
// line of the package clause, so that all lines keep their numbers. It leaves unreadable files and
// ambiguous names to goimports.
func importOwn(file, root string) {
	text, err := os.ReadFile(file)
	if err != nil {
		return
	}
	f, err := parser.ParseFile(token.NewFileSet(), "", text, 0)
	if err != nil {
		return
	}
	imports := ""
	for name, symbols := range missing(f) {
		if dir := providing(root, name, symbols); dir != "" {
			imports += fmt.Sprintf("; import %q", path.Join("github.com/essnas/essnas", dir))
		}
	}
	if imports != "" {
		at := f.Name.End() - f.FileStart
		os.WriteFile(file, slices.Concat(text[:at], []byte(imports), text[at:]), 0o600)
	}
}

// missing returns the package names that a file uses without an import or a declaration, each with
// the symbols that it uses.
func missing(f *ast.File) map[string][]string {
	all := map[string][]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Obj == nil {
				all[x.Name] = append(all[x.Name], s.Sel.Name)
			}
		}
		return true
	})
	for _, i := range f.Imports {
		name, _ := strconv.Unquote(i.Path.Value)
		delete(all, path.Base(name))
		if i.Name != nil {
			delete(all, i.Name.Name)
		}
	}
	return all
}

// providing returns the directory of the checkout's only package with this name and these symbols,
// or "".
func providing(root, name string, symbols []string) (dir string) {
	one, _ := filepath.Glob(filepath.Join(root, "lib", name))
	two, _ := filepath.Glob(filepath.Join(root, "lib", "*", name))
	for _, found := range append(one, two...) {
		inside, err := filepath.Rel(root, found)
		if err != nil || strings.HasPrefix(inside, filepath.Join("lib", "internal")) || strings.HasPrefix(inside, filepath.Join("lib", "cmd")) || !provides(found, name, symbols) {
			continue
		}
		if dir != "" {
			return ""
		}
		dir = filepath.ToSlash(inside)
	}
	return dir
}

// provides reports whether a directory has a package of this name with these symbols.
func provides(dir, name string, symbols []string) bool {
	wanted := map[string]bool{}
	for _, s := range symbols {
		if !ast.IsExported(s) {
			return false
		}
		wanted[s] = true
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil || f.Name.Name != name { // for example a program that the build leaves out
			continue
		}
		for symbol := range f.Scope.Objects {
			delete(wanted, symbol)
		}
	}
	return len(wanted) == 0
}
