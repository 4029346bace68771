package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/janpfeifer/must"
)

// notebook is a kernel's directory on a checkout that has one package, lib/some, and a package
// inside of that which is internal.
type notebook struct {
	t              *testing.T
	root, dir, log string
	env            []string
}

func newNotebook(t *testing.T) *notebook {
	t.Helper()
	if testing.Short() {
		t.Skip("cells are built")
	}
	tools := t.TempDir()
	n := &notebook{t: t, root: t.TempDir(), dir: t.TempDir(), log: filepath.Join(tools, "log")}
	n.source("go.mod", "module github.com/essnas/essnas\n\ngo 1.24\n")
	n.source("go.sum", "")
	n.source("lib/some/some.go", "package some\n\nimport \"github.com/essnas/essnas/lib/some/internal/deep\"\n\nfunc Word() string { return \"old\" + deep.Word }\n")
	n.source("lib/some/internal/deep/deep.go", "package deep\n\nconst Word = \"\"\n")
	// the go command of another release, whose report $REPORT (for sed) changes
	script(t, filepath.Join(tools, "go"), `echo "$*" >> `+n.log+`
go=`+must.M1(exec.LookPath("go"))+`
if [ "$2" = -x ] && [ -n "$REPORT" ]; then
	said=$("$go" "$@" 2>&1); status=$?
	printf '%s\n' "$said" | sed "$REPORT"
	exit $status
fi
exec "$go" "$@"`)
	n.env = append(os.Environ(), "ESSNAS_ROOT="+n.root, "ESSNAS_GO="+filepath.Join(tools, "go"), "GOWORK=off", "GOPROXY=off", "GOFLAGS=-ldflags=-s -buildvcs=false", "GOTOOLCHAIN=local")
	c := named(t, n.dir, "go", "mod", "init", "gonb_x")
	c.Env = n.env
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	must.M(os.Remove(filepath.Join(n.dir, "go")))
	return n
}

// source writes a file of the checkout, long ago.
func (n *notebook) source(name, text string) {
	n.t.Helper()
	file := filepath.Join(n.root, name)
	must.M(os.MkdirAll(filepath.Dir(file), 0o755))
	must.M(os.WriteFile(file, []byte(text), 0o644))
	n.age(name)
}

var ages = time.Now().Add(-24 * time.Hour)

func (n *notebook) age(name string) {
	ages = ages.Add(time.Minute)
	must.M(os.Chtimes(filepath.Join(n.root, name), ages, ages))
}

// cell builds and runs a cell as GoNB does. calls are those of the go command.
func (n *notebook) cell(imports, body string) (said string, calls int) {
	n.t.Helper()
	text := "package main\n\nimport (\n\t\"" + strings.Join(append(strings.Fields(imports), "fmt"), "\"\n\t\"") + "\"\n)\n\nfunc main() {\n\tfmt.Print()\n\t" + body + "\n}\n"
	must.M(os.WriteFile(filepath.Join(n.dir, "main.go"), []byte(text), 0o600))
	os.Remove(n.log)
	name := filepath.Join(n.dir, "gonb_x")
	c := named(n.t, n.t.TempDir(), "go", "build", "-o", name)
	c.Dir, c.Env = n.dir, n.env
	out, err := c.CombinedOutput()
	log, _ := os.ReadFile(n.log)
	calls = strings.Count(string(log), "build ")
	if err != nil {
		return string(out), calls
	}
	run := exec.Command(name)
	out, err = run.CombinedOutput()
	if err != nil {
		n.t.Fatalf("%v: %s", err, out)
	}
	return string(out), calls
}

// built expects of a cell what it prints, and how many calls of the go command it takes.
func (n *notebook) built(law, imports, body, said string, calls int) {
	n.t.Helper()
	if s, c := n.cell(imports, body); !strings.Contains(s, said) || s == "" || c != calls {
		n.t.Errorf("%s: it says %q and takes %d calls of the go command, want %q and %d", law, s, c, said, calls)
	}
}

const some = "github.com/essnas/essnas/lib/some"

func TestACellThatImportsNothingNewIsBuiltWithoutTheGoCommand(t *testing.T) {
	n := newNotebook(t)
	n.built("the first", some, `fmt.Println(some.Word(), 1)`, "old 1\n", 1)
	n.built("the next", some, `fmt.Println(some.Word(), 3)`, "old 3\n", 0)
	n.built("with less", "", `fmt.Println("less")`, "less\n", 0)
	n.built("with what another package imports", "strconv", `fmt.Println(strconv.Itoa(4))`, "4\n", 0)
	n.built("with more", "container/ring", `fmt.Println(ring.New(5).Len())`, "5\n", 1)
	n.built("which is known then, and the old, too", "container/ring "+some, `fmt.Println(ring.New(6).Len(), some.Word())`, "6 old\n", 0)
	n.built("a faulty one", some, `fmt.Println(some.Word(), nothing)`, "undefined: nothing\n./main.go:10:27: here\n", 1)
	n.built("is no reason to forget", some, `fmt.Println(some.Word(), 7)`, "old 7\n", 0)
	n.built("one that crashes", "", `defer func() { recover(); fmt.Println("recovered") }(); panic(1)`, "recovered\n", 0)
}

func TestARecipeIsForOneStateOfEverything(t *testing.T) {
	n := newNotebook(t)
	learned := func(said string) {
		t.Helper()
		n.cell(some, `fmt.Println(some.Word(), 2)`)
		n.built("it is learned", some, `fmt.Println(some.Word(), 3)`, said+" 3\n", 0)
	}
	learned("old")
	n.source("lib/some/some.go", "package some\n\nfunc Word() string { return \"new\" }\n")
	n.built("another source", some, `fmt.Println(some.Word(), 4)`, "new 4\n", 1)
	learned("new")
	n.source("lib/some/more.go", "package some\n\nimport \"fmt\"\n\nfunc init() { fmt.Println(\"more\") }\n")
	n.built("one more", some, `fmt.Println(some.Word(), 5)`, "more\nnew 5\n", 1)
	learned("more\nnew")
	must.M(os.Remove(filepath.Join(n.root, "lib/some/more.go")))
	n.built("one less", some, `fmt.Println(some.Word(), 6)`, "new 6\n", 1)
	learned("new")
	n.env = append(n.env, "GOFLAGS=-ldflags=-s -buildvcs=false -tags=other")
	n.built("other flags", some, `fmt.Println(some.Word(), 7)`, "new 7\n", 1)
	learned("new")
	mod := filepath.Join(n.dir, "go.mod")
	must.M(os.WriteFile(mod, append(must.M1(os.ReadFile(mod)), "\n// edited\n"...), 0o600))
	n.built("another go.mod", some, `fmt.Println(some.Word(), 8)`, "new 8\n", 1)
	learned("new")
	text := []byte("package some\n\nfunc Word() string { return \"now\" }\n")
	must.M(os.WriteFile(filepath.Join(n.root, "lib/some/some.go"), text, 0o644))
	for i := range 2 {
		n.built("what is being written is not learned from", some, fmt.Sprintf(`fmt.Println(some.Word(), %d)`, 9+i), fmt.Sprintf("now %d\n", 9+i), 1)
	}
}

func TestWhatARecipeIsNotForIsBuiltByTheGoCommand(t *testing.T) {
	n := newNotebook(t)
	learn := func() {
		n.cell(some, `fmt.Println(some.Word(), 2)`)
	}
	learn()
	n.built("an internal package stays one", some+" "+some+"/internal/deep", `fmt.Println(some.Word(), deep.Word)`, "use of internal package", 1)
	n.built("an order to the go command", some, "fmt.Println(some.Word(), 3)\n}\n\n//go:noinline\nfunc f() {", "old 3\n", 1)
	for i := range 2 {
		n.built("what tells of the build", "runtime/debug", fmt.Sprintf(`_, ok := debug.ReadBuildInfo(); fmt.Println(ok, %d)`, i), "true", 1)
	}
	other := filepath.Join(n.dir, "other.go")
	must.M(os.WriteFile(other, []byte("package main\n\nimport \"fmt\"\n\nfunc init() { fmt.Println(\"other\") }\n"), 0o600))
	n.built("another file", some, `fmt.Println(some.Word(), 4)`, "other\nold 4\n", 1)
	must.M(os.Remove(other))
	n.built("without it", some, `fmt.Println(some.Word(), 5)`, "old 5\n", 0)

	var r recipe
	must.M(json.Unmarshal(must.M1(os.ReadFile(filepath.Join(n.dir, kitchen, "recipe.json"))), &r))
	must.M(os.Remove(r.Packages[some]))
	n.built("a package that is gone", some, `fmt.Println(some.Word(), 6)`, "old 6\n", 1)
	n.cell(some, `fmt.Println(some.Word(), 60)`)
	n.built("is there again", some, `fmt.Println(some.Word(), 7)`, "old 7\n", 0)

	n.cell(some, `fmt.Println(some.Word(), 8)`)
	n.env = append(n.env, "GOFLAGS=-ldflags=-s -buildvcs=false -tags=other")
	n.built("a program that was made by a recipe is not taken for that of the go command", some, `fmt.Println(some.Word(), 2)`, "old 2\n", 1)

	elsewhere := t.TempDir()
	must.M(os.WriteFile(filepath.Join(elsewhere, "go.mod"), []byte("module example.com/else\n\ngo 1.24\n"), 0o644))
	must.M(os.WriteFile(filepath.Join(elsewhere, "else.go"), []byte("package else_\n\nconst Word = \"else\"\n"), 0o644))
	mod := filepath.Join(n.dir, "go.mod")
	must.M(os.WriteFile(mod, append(must.M1(os.ReadFile(mod)), "\nrequire example.com/else v0.0.0\n\nreplace example.com/else => "+elsewhere+"\n"...), 0o600))
	for i := range 3 {
		n.built("sources elsewhere", "example.com/else", fmt.Sprintf(`fmt.Println(else_.Word, %d)`, i), fmt.Sprintf("else %d\n", i), 1)
	}
}

// A new release of Go may report a build in other words, or build in other steps.
func TestOfAnotherReportNothingIsLearned(t *testing.T) {
	n := newNotebook(t)
	honest := n.env
	number := 0
	for law, report := range map[string]string{
		"no report":                           `d`,
		"a report as JSON":                    `s/.*/{"Action":"build"}/`,
		"another name of the cell's package":  `s|b001|c1|g`,
		"another name of the compiler":        `s|/compile -o|/gc -o|`,
		"another word for archives":           `s|^packagefile |archive |`,
		"a step behind the linker":            `s|^mv .WORK/b001/exe/a.out.*|/tool/sign $WORK/b001/exe/a.out\n&|`,
		"a step behind the compiler":          `s|^cp .WORK/b001/_pkg_.a.*|/tool/rewrite $WORK/b001/_pkg_.a\n&|`,
		"another file for the linker":         `s|-importcfg .WORK/b001/importcfg.link|& -profile $WORK/b001/profile|`,
		"no build information":                `/^modinfo /d`,
		"packages whose archives are no more": `s|^packagefile fmt=.*|packagefile fmt=/nowhere/archive|`,
		"a flag that the compiler refuses":    `s| -pack | -newflag -pack |`,
	} {
		must.M(os.RemoveAll(filepath.Join(n.dir, kitchen)))
		n.env = append(slices.Clone(honest), "REPORT="+report)
		for range 3 {
			number++
			n.built(law, some, fmt.Sprintf(`fmt.Println(some.Word(), %d)`, number), fmt.Sprintf("old %d\n", number), 1)
		}
	}
	n.env = honest
	must.M(os.RemoveAll(filepath.Join(n.dir, kitchen)))
	n.built("the report of this release", some, `fmt.Println(some.Word(), "learned")`, "old learned\n", 1)
	n.built("and the next cell", some, `fmt.Println(some.Word(), "built")`, "old built\n", 0)
}

func TestARecipeIsReadFromWhatTheGoCommandSays(t *testing.T) {
	const said = `WORK=/tmp/go-build1
cp $WORK/b003/_pkg_.a /cache/s-d # internal
mkdir -p $WORK/b001/
cat >/tmp/go-build1/b001/importcfg << 'EOF' # internal
# import config
packagefile fmt=/cache/f-d
EOF
cd /tmp/gonb_x
/go/compile -o $WORK/b001/_pkg_.a -trimpath "$WORK/b001=>" -p main -lang=go1.26 -buildid A/A -importcfg $WORK/b001/importcfg -pack ./main.go
cat >/tmp/go-build1/b001/importcfg.link << 'EOF' # internal
packagefile gonb_x=/tmp/go-build1/b001/_pkg_.a
packagefile fmt=/cache/f-d
packagefile io=/cache/i-d
packagefile sort=/tmp/go-build1/b003/_pkg_.a
modinfo "0w\xaf"
EOF
GOROOT='/the go' /go/link -o $WORK/b001/exe/a.out -importcfg $WORK/b001/importcfg.link -buildid=A/B -s "-extldflags=-a -b" $WORK/b001/_pkg_.a
mv $WORK/b001/exe/a.out gonb_x.cell
`
	r, ok := learn(said)
	if !ok || r.Root != "/the go" || r.Info != `modinfo "0w\xaf"` || len(r.Packages) != 3 || r.Packages["io"] != "/cache/i-d" || r.Packages["sort"] != "/cache/s-d" ||
		!slices.Equal(r.Compile, []string{"/go/compile", "-o", "{object}", "-p", "main", "-lang=go1.26", "-importcfg", "{imports}", "-pack", "./main.go"}) ||
		!slices.Equal(r.Link, []string{"/go/link", "-o", "{program}", "-importcfg", "{link}", "-s", "-extldflags=-a -b", "{object}"}) {
		t.Errorf("%t: %+v", ok, r)
	}
	for law, change := range map[string][2]string{
		"a package that is not kept": {"io=/cache/i-d", "io=/tmp/go-build1/b002/_pkg_.a"},
		"another file of the build":  {"-pack ./main.go", "-embedcfg $WORK/b001/embedcfg -pack ./main.go"},
		"another source":             {"./main.go", "./main.go ./other.go"},
		"a tool before the compiler": {"/go/compile", "/bin/tool /go/compile"},
		"a third program":            {"mv $WORK", "/go/asm -o $WORK/b001/x.o\nmv $WORK"},
		"a step after the linker":    {"mv $WORK", "/go/sign $WORK/b001/exe/a.out\nmv $WORK"},
		"no linker":                  {"/go/link", "/go/ink"},
		"no end":                     {`packagefile io`, "what is this"},
	} {
		if _, ok := learn(strings.Replace(said, change[0], change[1], 1)); ok {
			t.Errorf("a recipe is read from %s", law)
		}
	}
}
