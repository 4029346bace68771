package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/janpfeifer/must"
)

// TestMain is the program itself under the names that GoNB calls it by.
func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); len(os.Args) > 1 && os.Args[1] == "gopls" || name == "go" || name == "goimports" || name == "gopls" || strings.HasPrefix(name, "gonb_") {
		main()
		return
	}
	os.Exit(m.Run())
}

// named is this program by a name in a directory.
func named(t *testing.T, dir, name string, args ...string) *exec.Cmd {
	t.Helper()
	path := filepath.Join(dir, name)
	must.M(link(must.M1(os.Executable()), path))
	c := exec.Command(path, args...)
	c.Dir = dir
	return c
}

// script writes a program.
func script(t *testing.T, path, text string) {
	t.Helper()
	must.M(os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755))
}

func TestACellEndsWithItsOwnStatus(t *testing.T) {
	for _, c := range []struct {
		law, cell           string
		status              int
		stdout, stderr, has string
	}{
		{"success", `echo "out $1"; echo err >&2`, 0, "out arg\n", "err\n", ""},
		{"failure", "echo no >&2; exit 3", 3, "", "no\n", ""},
		{"interrupted", "kill -INT $$", 130, "", "", ""},
		{"killed by the system", "kill -KILL $$", 137, "", "", "memory ran out"},
		{"its input is the kernel's", "cat", 0, "typed", "", ""},
	} {
		t.Run(c.law, func(t *testing.T) {
			dir := t.TempDir()
			script(t, filepath.Join(dir, "gonb_x.cell"), c.cell)
			command := named(t, dir, "gonb_x", "arg")
			var stdout, stderr bytes.Buffer
			command.Stdin, command.Stdout, command.Stderr = strings.NewReader("typed"), &stdout, &stderr
			command.Run()
			if got := command.ProcessState.ExitCode(); got != c.status || stdout.String() != c.stdout || c.has == "" && stderr.String() != c.stderr || !strings.Contains(stderr.String(), c.has) {
				t.Errorf("status %d, %q, %q; want %d, %q, %q", got, &stdout, &stderr, c.status, c.stdout, c.stderr+c.has)
			}
		})
	}
}

func TestACellHearsAnInterrupt(t *testing.T) {
	dir := t.TempDir()
	script(t, filepath.Join(dir, "gonb_x.cell"), `trap 'echo saved; exit 0' INT; echo ready; while :; do sleep 0.05; done`)
	command := named(t, dir, "gonb_x")
	out := must.M1(command.StdoutPipe())
	must.M(command.Start())
	var line [6]byte
	must.M1(out.Read(line[:]))
	must.M(command.Process.Signal(os.Interrupt))
	var rest bytes.Buffer
	must.M1(rest.ReadFrom(out))
	if err := command.Wait(); err != nil || rest.String() != "saved\n" {
		t.Errorf("%q, %v", rest.String(), err)
	}
}

func TestACellDiesWithItsKernel(t *testing.T) {
	dir := t.TempDir()
	script(t, filepath.Join(dir, "gonb_x.cell"), `echo $$ > pid; exec sleep 1000`)
	command := named(t, dir, "gonb_x")
	must.M(command.Start())
	pid := 0
	for start := time.Now(); pid == 0 && time.Since(start) < 20*time.Second; time.Sleep(10 * time.Millisecond) {
		text, _ := os.ReadFile(filepath.Join(dir, "pid"))
		for _, c := range strings.TrimSpace(string(text)) {
			pid = 10*pid + int(c-'0')
		}
	}
	must.M(command.Process.Kill())
	command.Wait()
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if state, err := os.ReadFile("/proc/" + strings.TrimSpace(string(must.M1(os.ReadFile(filepath.Join(dir, "pid"))))) + "/stat"); err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		if time.Since(start) > 20*time.Second {
			syscall.Kill(pid, syscall.SIGKILL)
			t.Fatal("the cell lives on")
		}
	}
}

// sources is a module with a tool and a requirement.
func sources(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	must.M(os.WriteFile(filepath.Join(root, "go.mod"), []byte("module github.com/essnas/essnas\n\ngo 1.26.5\n\nrequire example.com/some v1.2.3\n\ntool example.com/some/cmd\n"), 0o644))
	must.M(os.WriteFile(filepath.Join(root, "go.sum"), []byte("example.com/some v1.2.3 h1:x=\n"), 0o644))
	return root
}

func TestTheCellsModuleIsMadeOfTheCheckouts(t *testing.T) {
	root, dir, tools := sources(t), t.TempDir(), t.TempDir()
	script(t, filepath.Join(tools, "realgo"), `echo "real $*"; [ "$GOPROXY" = "" ] || echo "from $GOPROXY"`)
	run := func(args ...string) string {
		c := named(t, dir, "go", args...)
		c.Env = append(os.Environ(), "ESSNAS_ROOT="+root, "ESSNAS_GO="+filepath.Join(tools, "realgo"), "GOPROXY=", "ESSNAS_GOPROXY=somewhere")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("go %q: %v: %s", args, err, out)
		}
		return string(out)
	}
	if out := run("mod", "init", "gonb_1a2b"); out != "" {
		t.Errorf("it says %q", out)
	}
	text := string(must.M1(os.ReadFile(filepath.Join(dir, "go.mod"))))
	for _, want := range []string{"module gonb_1a2b\n", "example.com/some v1.2.3", "github.com/essnas/essnas v0.0.0", "replace github.com/essnas/essnas => " + root} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "tool") {
		t.Errorf("tools are in\n%s", text)
	}
	if sums := string(must.M1(os.ReadFile(filepath.Join(dir, "go.sum")))); sums != "example.com/some v1.2.3 h1:x=\n" {
		t.Errorf("sums are %q", sums)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"get"}, ""}, // what cells import is there
		{[]string{"get", "-t"}, ""},
		{[]string{"get", "example.com/other"}, "real get example.com/other\nfrom somewhere\n"},
		{[]string{"mod", "init", "mine"}, "real mod init mine\n"},
		{[]string{"list", "-m"}, "real list -m\n"},
	} {
		if out := run(c.args...); out != c.want {
			t.Errorf("go %q: %q, want %q", c.args, out, c.want)
		}
	}
}

func TestACellIsBuiltBesideItsName(t *testing.T) {
	dir, tools := t.TempDir(), t.TempDir()
	run := func(real string) (string, error) {
		script(t, filepath.Join(tools, "realgo"), real)
		c := named(t, dir, "go", "build", "-o", filepath.Join(dir, "gonb_x"))
		c.Env = append(os.Environ(), "ESSNAS_GO="+filepath.Join(tools, "realgo"))
		out, err := c.CombinedOutput()
		return string(out), err
	}
	out, err := run(`printf '#!/bin/sh\necho cell\n' > "$3"; chmod +x "$3"`)
	if err != nil || out != "" {
		t.Fatalf("%q, %v", out, err)
	}
	if out, err := exec.Command(filepath.Join(dir, "gonb_x")).CombinedOutput(); err != nil || string(out) != "cell\n" {
		t.Errorf("the cell says %q, %v", out, err)
	}
	out, err = run(`echo "# gonb_x"; echo "./main.go:3:1: undefined: y" >&2; exit 1`)
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 1 || out != "undefined: y\n./main.go:3:1: here\n" {
		t.Errorf("a faulty cell: %q, %v", out, err)
	}
}

func TestALinkReplacesWhatWasThere(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "name")
	must.M(os.WriteFile(name, nil, 0o600))
	for _, file := range []string{"/one", "/two", "/two"} {
		must.M(link(file, name))
		if there := must.M1(os.Readlink(name)); there != file {
			t.Errorf("it leads to %s, want %s", there, file)
		}
	}
	if entries := must.M1(os.ReadDir(dir)); len(entries) != 1 {
		t.Errorf("%d files are left", len(entries))
	}
}

func TestTheKernelNeedsToKnowWhereThingsAre(t *testing.T) {
	t.Setenv("ESSNAS_GO", "")
	for _, name := range []string{"GOPROXY", "GOWORK", "GOFLAGS", "GOTOOLCHAIN", "PATH", "ESSNAS_GOPROXY", "ESSNAS_KERNEL"} {
		t.Setenv(name, os.Getenv(name)) // and as it was after the test
	}
	root, tools := must.M1(filepath.Abs("../../..")), t.TempDir()
	must.M(prepare(root, tools))
	for name, want := range map[string]string{"GOPROXY": "off", "GOWORK": "off", "GOTOOLCHAIN": "local"} {
		if os.Getenv(name) != want {
			t.Errorf("%s is %q, want %q", name, os.Getenv(name), want)
		}
	}
	names := filepath.Join(tools, "names")
	if path := must.M1(exec.LookPath("go")); path != filepath.Join(names, "go") {
		t.Errorf("go is %s", path)
	}
	if path, err := exec.LookPath("gopls"); err == nil && filepath.Dir(path) == names {
		t.Error("gopls has a name and isn't built")
	}
	if info, err := os.Stat(os.Getenv("ESSNAS_GO")); err != nil || info.IsDir() {
		t.Errorf("$ESSNAS_GO is %q: %v", os.Getenv("ESSNAS_GO"), err)
	}
	must.M(os.WriteFile(filepath.Join(tools, "gopls"), nil, 0o755))
	t.Setenv("PATH", filepath.Dir(os.Getenv("ESSNAS_GO")))
	must.M(prepare(root, tools))
	if path := must.M1(exec.LookPath("gopls")); path != filepath.Join(names, "gopls") {
		t.Errorf("gopls is %s", path)
	}
}
