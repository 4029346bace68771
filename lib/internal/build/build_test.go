package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/janpfeifer/must"
)

func TestTheBuildInformationIsPreferredAndTheStampFillsIn(t *testing.T) {
	with := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: settings}
	}
	unfilled := "$Format:%H %(describe:tags)$\n"
	for law, c := range map[string]struct {
		stamp string
		info  *debug.BuildInfo
		want  Info
	}{
		"nothing is known":                       {unfilled, with("(devel)"), Info{"(devel)", "unknown", false}},
		"no build information":                   {unfilled, nil, Info{"(devel)", "unknown", false}},
		"an archive without tags":                {"abc123 \n", with("(devel)"), Info{"(devel)", "abc123", false}},
		"an archive of an old git":               {"abc123 %(describe:tags)\n", with("(devel)"), Info{"(devel)", "abc123", false}},
		"an archive of a release":                {"abc123 v0.2.0\n", with("(devel)"), Info{"v0.2.0", "abc123", false}},
		"a changed checkout":                     {unfilled, with("v0.2.1-0.2026+dirty", debug.BuildSetting{Key: "vcs.revision", Value: "def"}, debug.BuildSetting{Key: "vcs.modified", Value: "true"}), Info{"v0.2.1-0.2026+dirty", "def", true}},
		"a checkout inside an unpacked archive":  {"abc123 v0.2.0\n", with("v0.3.0", debug.BuildSetting{Key: "vcs.revision", Value: "def"}), Info{"v0.3.0", "def", false}},
		"a module that the go command installed": {unfilled, with("v0.2.0"), Info{"v0.2.0", "unknown", false}},
	} {
		if got := read(c.stamp, c.info); got != c.want {
			t.Errorf("%s: %+v, want %+v", law, got, c.want)
		}
	}
}

func TestGitArchiveFillsTheStampIn(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is missing")
	}
	dir := t.TempDir()
	git := func(args ...string) []byte {
		c := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
		c.Dir = dir
		out, err := c.Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return out
	}
	// a repository with a known commit and tag contains the checkout's own file and attributes
	must.M(os.MkdirAll(filepath.Join(dir, "lib", "internal", "build"), 0o755))
	must.M(os.WriteFile(filepath.Join(dir, "lib", "internal", "build", "stamp.txt"), []byte("$Format:%H %(describe:tags)$\n"), 0o644))
	attributes := must.M1(os.ReadFile(filepath.Join("..", "..", "..", ".gitattributes")))
	must.M(os.WriteFile(filepath.Join(dir, ".gitattributes"), attributes, 0o644))
	git("init", "-q")
	git("add", ".")
	git("commit", "-q", "-m", "first")
	git("tag", "v9.8.7")
	must.M(os.WriteFile(filepath.Join(dir, "archive.tar"), git("archive", "HEAD"), 0o644))
	out := must.M1(exec.Command("tar", "-xOf", filepath.Join(dir, "archive.tar"), "lib/internal/build/stamp.txt").Output())
	got := read(string(out), nil)
	want := Info{Version: "v9.8.7", Commit: string(git("rev-parse", "HEAD")[:40])}
	if got != want {
		t.Errorf("%+v, want %+v (the stamp is %q)", got, want, out)
	}
}
