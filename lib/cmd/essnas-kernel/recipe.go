package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/internal/checkout"
	"golang.org/x/mod/modfile"
)

// recipe is how the go command builds the cells of a notebook: what it runs, and where the compiled
// packages are. Of a warm cell's time the go command takes half, to find out anew, from some two
// hundred packages, what it has found out for the cell before. A cell that imports nothing else is
// built by the recipe instead: it is compiled and linked as the go command would, by the commands
// that it used.
//
// A recipe holds for one state of all that the result depends on (see state), and is kept in the
// kernel's own directory, so that it ends with the kernel. Whatever it does not foresee, and
// whatever fails, is left to the go command.
type recipe struct {
	State string `json:"state"`
	// the compiler and its arguments, with {object} and {imports} in the place of files
	Compile []string `json:"compile"`
	// the linker and its, with {program}, {object} and {link}
	Link     []string          `json:"link"`
	Root     string            `json:"root"`     // the linker's GOROOT
	Packages map[string]string `json:"packages"` // import path -> archive in Go's build cache
	Info     string            `json:"info"`     // the line of build information
}

// kitchen is the directory of a recipe and of what is made by it, in the one of the cell.
const kitchen = ".recipe"

// unusual are imports for which the go command does more, and elements of paths that it lets nobody
// import.
var unusual = []string{"C", "embed", "runtime/debug", "internal", "vendor"}

// imports are what the cell imports; ok says that the cell is one that a recipe is for: a single
// file without orders to the go command.
func imports(name string) (paths []string, ok bool) {
	entries, err := os.ReadDir(".")
	if err != nil {
		return nil, false
	}
	for _, e := range entries {
		switch e.Name() {
		case "main.go", "go.mod", "go.sum", "gopls_socket", kitchen, filepath.Base(name), filepath.Base(name) + ".cell":
		default:
			return nil, false
		}
	}
	text, err := os.ReadFile("main.go")
	if err != nil || bytes.Contains(text, []byte("//go:")) || bytes.Contains(text, []byte("+build")) || bytes.Contains(text, []byte("//line")) || bytes.Contains(text, []byte("/*line")) {
		return nil, false
	}
	f, err := parser.ParseFile(token.NewFileSet(), "", text, parser.ImportsOnly)
	if err != nil || f.Name.Name != "main" {
		return nil, false
	}
	for _, i := range f.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil || slices.ContainsFunc(unusual, func(not string) bool { return path == not || slices.Contains(strings.Split(path, "/"), not) }) {
			return nil, false
		}
		paths = append(paths, path)
	}
	return paths, true
}

// state is a sum over all that the build of a cell depends on, but for the cell itself: the
// modules, the checkout's sources, the go command and what it is told by the environment. ok says
// that there is nothing else.
func state(root string) (sum string, ok bool) {
	h := sha256.New()
	text, err := os.ReadFile("go.mod")
	if err != nil || os.Getenv("GOWORK") != "off" {
		return "", false
	}
	mod, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return "", false
	}
	for _, r := range mod.Replace {
		if r.New.Version == "" && r.New.Path != root { // sources that nobody watches
			return "", false
		}
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		return "", false
	}
	sources, err := checkout.Tree{Root: root}.Sources()
	if err != nil {
		return "", false
	}
	fmt.Fprintf(h, "%d\n%s%d\n%s%s\n", len(text), text, len(sums), sums, sources)
	for _, variable := range slices.Sorted(slices.Values(os.Environ())) {
		for _, prefix := range []string{"GO", "CGO_", "CC=", "CXX=", "FC=", "AR=", "PKG_CONFIG"} {
			if strings.HasPrefix(variable, prefix) && !strings.HasPrefix(variable, "GONB_") {
				fmt.Fprintf(h, "%q\n", variable)
			}
		}
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return "", false
	}
	for _, file := range []string{os.Getenv("ESSNAS_GO"), filepath.Join(config, "go", "env")} {
		info, err := os.Stat(file)
		switch {
		case err == nil:
			fmt.Fprintln(h, file, info.Size(), info.ModTime().UnixNano())
		case !errors.Is(err, fs.ErrNotExist):
			return "", false
		}
	}
	return hex.EncodeToString(h.Sum(nil)), true
}

// byRecipe builds the cell called name and says whether it has. If the cell is faulty the go
// command has the word, which says why.
func byRecipe(name, program string) bool {
	root, command := os.Getenv("ESSNAS_ROOT"), os.Getenv("ESSNAS_GO")
	paths, ok := imports(name)
	if !ok {
		return false
	}
	now, ok := state(root)
	if !ok {
		return false
	}
	if r := readRecipe(); r.State == now && r.covers(paths) {
		if r.build(program) == nil {
			return true
		}
		checked(exec.Command(command, "build", "-o", program))
		forget() // the cell is right, so the recipe is not
		return true
	}
	out, err := exec.Command(command, "build", "-x", "-o", program).CombinedOutput()
	if err != nil {
		return false
	}
	// Of sources that were written a moment ago another state might come within what the file
	// system takes for the same time.
	written, err := checkout.Tree{Root: root}.Written()
	if then, ok := state(root); err == nil && ok && then == now && time.Since(written) > 3*time.Second {
		if r, ok := learn(string(out)); ok {
			r.State = now
			r.keep() // or the next cell takes as long
		}
	}
	return true
}

// learn reads the recipe from what the go command says that it does (go build -x).
func learn(said string) (r recipe, ok bool) {
	r.Packages = map[string]string{}
	work, inside, kept := "", false, map[string]string{}
	for line := range strings.Lines(said) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "WORK="):
			work = line[len("WORK="):]
		case strings.HasPrefix(line, "cp $WORK/"):
			from, to, _ := strings.Cut(line[len("cp $WORK/"):], " ")
			kept[from] = strings.TrimSuffix(to, " # internal")
		case strings.HasPrefix(line, "cat >"+work+"/b001/importcfg.link <<"):
			inside = true
		case inside && line == "EOF":
			inside = false
		case inside && strings.HasPrefix(line, "packagefile "):
			path, archive, _ := strings.Cut(line[len("packagefile "):], "=")
			if archive == work+"/b001/_pkg_.a" {
				continue // the cell
			}
			if made, ok := strings.CutPrefix(archive, work+"/"); ok { // just now, and kept
				archive = kept[made]
			}
			if archive == "" {
				return r, false
			}
			r.Packages[path] = archive
		case inside && strings.HasPrefix(line, "modinfo "):
			r.Info = line
		case inside && !strings.HasPrefix(line, "#"):
			return r, false
		case strings.Contains(line, " -o $WORK/b001/"):
			root, args, ok := words(line)
			switch {
			case !ok:
				return r, false
			case filepath.Base(args[0]) == "compile" && r.Compile == nil && args[len(args)-1] == "./main.go":
				r.Compile = args
			case filepath.Base(args[0]) == "link" && r.Link == nil:
				r.Root, r.Link = root, args
			default:
				return r, false
			}
		}
	}
	return r, work != "" && r.Compile != nil && r.Link != nil && r.Root != "" && r.Info != "" && len(r.Packages) > 0
}

// files are those of a build that change their place.
var files = map[string]string{"_pkg_.a": "{object}", "importcfg": "{imports}", "importcfg.link": "{link}", "exe/a.out": "{program}"}

// words are the arguments of a command that the go command says that it runs, the linker's GOROOT
// apart, and without the marks that it puts on what it makes.
func words(line string) (root string, args []string, ok bool) {
	if after, found := strings.CutPrefix(line, "GOROOT='"); found {
		if root, line, found = strings.Cut(after, "' "); !found {
			return "", nil, false
		}
	}
	for line != "" {
		var word string
		if strings.HasPrefix(line, `"`) {
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return "", nil, false
			}
			line = line[len(quoted):]
			if word, err = strconv.Unquote(quoted); err != nil {
				return "", nil, false
			}
			line = strings.TrimPrefix(line, " ")
		} else {
			word, line, _ = strings.Cut(line, " ")
		}
		if inside, found := strings.CutPrefix(word, "$WORK/b001/"); found && files[inside] != "" {
			word = files[inside]
		}
		last := ""
		if len(args) > 0 {
			last = args[len(args)-1]
		}
		switch {
		case last == "-trimpath" || last == "-buildid":
			args = args[:len(args)-1]
		case strings.HasPrefix(word, "-buildid="):
		case strings.ContainsAny(word, "$'{") && !slices.Contains(slices.Collect(maps.Values(files)), word):
			return "", nil, false
		default:
			args = append(args, word)
		}
	}
	return root, args, len(args) > 0
}

// readRecipe is the one that is kept; an empty one if there is none.
func readRecipe() (r recipe) {
	if text, err := os.ReadFile(filepath.Join(kitchen, "recipe.json")); err != nil || json.Unmarshal(text, &r) != nil {
		return recipe{}
	}
	return r
}

func (r recipe) covers(imports []string) bool {
	return r.Link != nil && !slices.ContainsFunc(imports, func(path string) bool { return r.Packages[path] == "" })
}

// build makes the program of the cell.
func (r recipe) build(program string) error {
	object, made := filepath.Join(kitchen, "main.a"), filepath.Join(kitchen, "program")
	for _, step := range [][]string{r.Compile, r.Link} {
		command := exec.Command(step[0], step[1:]...)
		for i, arg := range command.Args {
			command.Args[i] = strings.NewReplacer("{object}", object, "{program}", made, "{imports}", filepath.Join(kitchen, "imports"), "{link}", filepath.Join(kitchen, "link")).Replace(arg)
		}
		command.Env = append(os.Environ(), "GOROOT="+r.Root)
		if err := command.Run(); err != nil {
			return err
		}
	}
	return os.Rename(made, program)
}

// keep writes the recipe down, together with what the one that is kept knows, if they agree.
func (r recipe) keep() error {
	if old := readRecipe(); old.State == r.State && slices.Equal(old.Compile, r.Compile) && slices.Equal(old.Link, r.Link) {
		for path, archive := range old.Packages {
			if r.Packages[path] == "" {
				r.Packages[path] = archive
			}
		}
	}
	if err := forget(); err != nil {
		return err
	}
	if err := os.Mkdir(kitchen, 0o700); err != nil {
		return err
	}
	var imports strings.Builder
	for path, archive := range r.Packages {
		fmt.Fprintf(&imports, "packagefile %s=%s\n", path, archive)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	link := imports.String() + r.Info + "\n"
	for _, file := range [][2]string{{"imports", imports.String()}, {"link", link}, {"recipe.json", string(text)}} {
		if err := os.WriteFile(filepath.Join(kitchen, file[0]), []byte(file[1]), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func forget() error { return os.RemoveAll(kitchen) }
