package build

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/janpfeifer/must"
)

// The go command takes minutes for two programs, so that a stand-in writes them here. .ci/release
// --twice compares the real ones.
func TestTheArchivesOfACommitAreTheSameBytesAnywhere(t *testing.T) {
	root := must.M1(filepath.Abs(filepath.Join("..", "..", "..")))
	for _, tool := range []string{"bash", "git", "gzip", "sha256sum", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is missing")
		}
	}
	if exec.Command("git", "-C", root, "rev-parse", "HEAD").Run() != nil {
		t.Skip("these sources are no git checkout")
	}
	dir := t.TempDir()
	write := func(name, text string) {
		must.M(os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		must.M(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755))
	}
	write("bin/go", `#!/bin/sh
case $1 in
env) echo go ;;
build) while [ "$1" != -o ]; do shift; done && { cat lib/internal/build/stamp.txt; echo "$GOARCH $GOFLAGS $CGO_CFLAGS"; } >"$2" && chmod +x "$2" ;;
esac
`)
	write("bin/aarch64-linux-gnu-gcc", "#!/bin/sh\n")
	notice := "#!/bin/sh\ncp -R lib/internal/build \"$1\" && cat NOTICE\n"
	run := func(in string, env []string, command ...string) string {
		c := exec.Command(command[0], command[1:]...)
		c.Dir, c.Env = filepath.Join(dir, in), append(os.Environ(), env...)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v: %s", command, err, out)
		}
		return string(out)
	}
	run(".", nil, "git", "clone", "--quiet", "--shared", root, "first")
	// The script under test may not be committed yet.
	write("first/.ci/release", string(must.M1(os.ReadFile(filepath.Join(root, ".ci", "release")))))
	write("first/.ci/notice", notice)
	run("first", nil, "git", "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--allow-empty", "--message", "stand-ins", ".ci")
	run(".", nil, "git", "clone", "--quiet", "first", "at/another/place")
	path := "PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH")
	var sums []string
	for i, c := range []struct {
		in, umask string
		env       []string
	}{
		{"first", "022", []string{path, "TZ=UTC"}},
		{"at/another/place", "077", []string{path, "TZ=Asia/Tokyo", "LC_ALL=C.UTF-8", "GOFLAGS=-race", "GOAMD64=v3", "CGO_CFLAGS=-O0"}},
	} {
		out := fmt.Sprint("out", i)
		run(c.in, c.env, "bash", "-c", "umask "+c.umask+" && .ci/release HEAD "+filepath.Join(dir, out))
		sums = append(sums, string(must.M1(os.ReadFile(filepath.Join(dir, out, "checksums.txt")))))
	}
	if sums[0] != sums[1] || strings.Count(sums[0], "linux-") != 2 {
		t.Errorf("the archives are\n%sand at another path\n%s", sums[0], sums[1])
	}
	commit := strings.TrimSpace(run("first", nil, "git", "rev-parse", "HEAD"))
	name := "essnas-" + commit[:12] + "-linux-amd64"
	if got, want := run("out0", nil, "tar", "-xOzf", name+".tar.gz", name+"/essnas"), commit+" "+commit[:12]+"\namd64 -trimpath -O2 -g\n"; got != want {
		t.Errorf("the program was built with %q, want %q", got, want)
	}
}
