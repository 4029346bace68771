package run

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestAShellReadsACommandAsItsArguments(t *testing.T) {
	args := []string{"a b", "it's", `"`, "$HOME", "`id`", "~/data", "#1", "!x", "[a]", "{a,b}", "*", "", "two\nlines", `back\slash`, "plain/path-1.json@2"}
	before := slices.Clone(args)
	_, words, _ := strings.Cut(Command(append([]string{"MARK"}, args...)...), " MARK ")
	out, err := exec.Command("sh", "-c", `printf '%s\0' `+words).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); !slices.Equal(got, before) {
		t.Errorf("the shell read %q of %q", got, before)
	}
}
