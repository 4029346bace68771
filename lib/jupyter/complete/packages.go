package complete

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Sources are the directories of packages.
type Sources struct {
	Root string // directory of the checkout
	Go   string // directory of Go's library: GOROOT/src
}

// Here returns the sources that the kernel's environment names.
func Here() Sources {
	return Sources{Root: os.Getenv("ESSNAS_ROOT"), Go: filepath.Join(filepath.Dir(filepath.Dir(os.Getenv("ESSNAS_GO"))), "src")}
}

// usual lists the packages that notebooks import under another name.
var usual = map[string]string{"nb": "lib/notebook"}

var (
	named  = regexp.MustCompile(`(?m)^\s*(?:import\s+)?(\w+)\s+"([^"]+)"`)
	member = regexp.MustCompile(`(?:^|[^\w.])(\w+)\.(\w*)$`)
	bare   = regexp.MustCompile(`(?:^|[^\w."])(\w+)$`)
)

// Packages completes the name before the cursor: that of a package (fig), or an exported name of a
// package (figure.Cur), whether or not the cell imports the package. It returns no matches within a
// string, or if the cell declares a variable of the package's name.
func (s Sources) Packages(code string, cursor int) Answer {
	before := []rune(code)
	cursor = min(max(cursor, 0), len(before))
	head := string(before[:cursor])
	a := Answer{Matches: []string{}, Start: cursor, End: cursor}
	if _, _, open := scan(head); open {
		return a
	}
	line := head[strings.LastIndexByte(head, '\n')+1:]
	if m := member.FindStringSubmatch(line); m != nil {
		a.Start -= len([]rune(m[2]))
		if declared(code, m[1]) {
			return a
		}
		for _, name := range Exported(s.directory(code, m[1])) {
			if strings.HasPrefix(name, m[2]) {
				a.Matches = append(a.Matches, name)
			}
		}
		return a
	}
	if m := bare.FindStringSubmatch(line); m != nil {
		a.Start -= len([]rune(m[1]))
		for _, name := range s.all() {
			if strings.HasPrefix(name, m[1]) {
				a.Matches = append(a.Matches, name)
			}
		}
	}
	return a
}

// declared reports whether a cell declares a variable of that name in a common form.
func declared(code, name string) bool {
	return regexp.MustCompile(`\b(var|const|func)\s+` + name + `\b|\b` + name + `\b[\w, ]*:=|[(,]\s*` + name + `\s+[*\[\w]`).MatchString(code)
}

// directory returns the directory of the package that has this name in a cell, or "".
func (s Sources) directory(code, name string) string {
	for _, m := range named.FindAllStringSubmatch(code, -1) {
		if m[1] == name {
			return s.Imported(m[2])
		}
	}
	if inside, ok := usual[name]; ok {
		return filepath.Join(s.Root, inside)
	}
	for _, dir := range s.candidates() {
		if path.Base(dir) == name {
			return dir
		}
	}
	return ""
}

// Imported returns the directory of an import path of the checkout or of Go's library, or "".
func (s Sources) Imported(name string) string {
	dir := filepath.Join(s.Go, name)
	if inside, ok := strings.CutPrefix(name, "github.com/essnas/essnas/"); ok {
		dir = filepath.Join(s.Root, inside)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

// candidates returns the directories of the packages that a cell can import, the checkout's first.
// Short paths come before long ones: rand is math/rand, not crypto/rand.
func (s Sources) candidates() (dirs []string) {
	for _, pattern := range []string{filepath.Join(s.Root, "lib", "*"), filepath.Join(s.Root, "lib", "*", "*"), filepath.Join(s.Go, "*"), filepath.Join(s.Go, "math", "*"), filepath.Join(s.Go, "*", "*")} {
		found, _ := filepath.Glob(pattern)
		for _, dir := range found {
			base, above := filepath.Base(dir), filepath.Base(filepath.Dir(dir))
			if files, _ := filepath.Glob(filepath.Join(dir, "*.go")); len(files) == 0 {
				continue
			}
			if strings.ContainsAny(base, ".-") || slices.Contains([]string{"internal", "vendor", "cmd", "testdata", "builtin"}, base) || slices.Contains([]string{"internal", "vendor", "cmd"}, above) || slices.Contains(dirs, dir) {
				continue
			}
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// all returns the names of the packages, each once, in the order of candidates.
func (s Sources) all() (names []string) {
	for _, dir := range s.candidates() {
		if name := filepath.Base(dir); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// files parses the files of a package, without its tests.
func files(dir string) (set *token.FileSet, all []*ast.File) {
	set = token.NewFileSet()
	if dir == "" {
		return set, nil
	}
	found, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, file := range found {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil || f.Name.Name == "main" || len(all) > 0 && f.Name.Name != all[0].Name.Name {
			continue // a file of another package, for example a program that makes tables
		}
		all = append(all, f)
	}
	return set, all
}

// Exported returns the exported functions, types, variables and constants of the package in a
// directory, sorted. It returns none if the directory has no package.
func Exported(dir string) (names []string) {
	_, all := files(dir)
	add := func(id *ast.Ident) {
		if id.IsExported() && !slices.Contains(names, id.Name) {
			names = append(names, id.Name)
		}
	}
	for _, f := range all {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					add(d.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						add(spec.Name)
					case *ast.ValueSpec:
						for _, id := range spec.Names {
							add(id)
						}
					}
				}
			}
		}
	}
	slices.Sort(names)
	return names
}
