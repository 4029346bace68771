package main

import (
	"bufio"
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/janpfeifer/must"
)

// advice is where a line of output has a command to type.
var advice = regexp.MustCompile(`(?:^Next\s+|: )(essnas .*)$`)

// shell is a shell in a directory where this program is called essnas.
type shell struct {
	t    *testing.T
	dir  string
	done []string // commands
}

func newShell(t *testing.T) *shell {
	s := &shell{t: t, dir: filepath.Join(t.TempDir(), "a user's directory")}
	must.M(os.MkdirAll(filepath.Join(s.dir, "bin"), 0o755))
	must.M(os.Symlink(must.M1(os.Executable()), filepath.Join(s.dir, "bin", "essnas")))
	return s
}

func (s *shell) command(line string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	s.t.Cleanup(cancel)
	c := exec.CommandContext(ctx, "sh", "-c", "exec "+line)
	c.Dir = s.dir
	c.Env = append(os.Environ(), asProgram+"=1", "PATH="+filepath.Join(s.dir, "bin")+":"+os.Getenv("PATH"), "ESSNAS_DATA=", "ESSNAS_BACKEND=", "ESSNAS_RUNS=")
	return c
}

// follow runs a command line and every command that it prints, and those that these print, each of
// them once. A command that is asked for too early may fail; those that are printed may not.
func (s *shell) follow(line string, early bool) {
	out, err := s.command(line).CombinedOutput()
	if early != (err != nil) {
		s.t.Errorf("$ %s\n%v: %s", line, err, out)
	}
	s.print(out)
}

// print follows the commands in a command's output.
func (s *shell) print(out []byte) {
	for line := range strings.Lines(string(out)) {
		found := advice.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if found == nil || slices.Contains(s.done, found[1]) {
			continue
		}
		s.done = append(s.done, found[1])
		s.t.Log("$ " + found[1])
		s.follow(found[1], false)
	}
}

// stop interrupts a command in its first epoch, and follows what it prints.
func (s *shell) stop(line string) {
	c := s.command(line)
	var all bytes.Buffer
	stderr := must.M1(c.StderrPipe())
	must.M(c.Start())
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		all.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "epoch 1/") {
			c.Process.Signal(os.Interrupt)
		}
	}
	if err := c.Wait(); err == nil {
		s.t.Fatalf("$ %s\nit has ended before it was stopped: %s", line, all.String())
	}
	s.print(all.Bytes())
}

// pictures draws a folder of pictures of two classes.
func (s *shell) pictures(name string) {
	for k, class := range []string{"light", "dark"} {
		dir := filepath.Join(s.dir, name, class)
		must.M(os.MkdirAll(dir, 0o755))
		for n := range 30 {
			im := image.NewGray(image.Rect(0, 0, 16, 16))
			for i := range im.Pix {
				im.Pix[i] = uint8(150*k + (i*n)%90)
			}
			im.Set(0, 0, color.Black)
			var b bytes.Buffer
			must.M(png.Encode(&b, im))
			must.M(os.WriteFile(filepath.Join(dir, string(rune('a'+n/26))+string(rune('a'+n%26))+".png"), b.Bytes(), 0o644))
		}
	}
}

// TestPrintedCommandsWorkAsPrinted executes every command that commands print: in a directory whose
// name needs quotes, with a data set, a data directory, a backend and a directory of runs that
// only flags name.
func TestPrintedCommandsWorkAsPrinted(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.pictures("my pictures")
	must.M(os.MkdirAll(filepath.Join(s.dir, "my data"), 0o755))
	flags := ` --data 'my data' --runs 'my runs' --backend cpu`
	small := ` --cells 3 --channels 4 --batch 8 --epochs 2`
	s.follow(`essnas data add photos 'my pictures:side=16' --data 'my data' --quiet`, false)
	s.stop(`essnas search --dataset photos --k 2 --run 'a search'` + small + flags)
	if len(s.done) < 4 {
		t.Fatalf("printed commands were found: %q", s.done)
	}
	// too early: each answer names the command that is missing
	begun := func(name, from string) {
		must.M(os.Mkdir(filepath.Join(s.dir, name), 0o755))
		must.M(os.WriteFile(filepath.Join(s.dir, name, "config.json"), must.M1(os.ReadFile(filepath.Join(s.dir, from, "config.json"))), 0o644))
	}
	s.follow(`essnas train --genotype 'a search' --dataset photos --auxiliary 0 --run 'a training'`+small+flags, false)
	begun("begun search", "a search")
	begun("begun training", "a training")
	s.follow(`essnas train --genotype 'begun search' --dataset photos`+flags, true)
	s.follow(`essnas test --run 'begun training'`+flags, true)
	s.follow(`essnas test --run 'a search'`+flags, true)
	s.stop(`essnas pretrain --genotype 'a search' --dataset photos --run 'a pretraining' --warm-up 1` + small + flags)
	begun("begun pretraining", "a pretraining")
	s.follow(`essnas train --from 'begun pretraining'`+flags, true)
	t.Logf("%d printed commands were executed", len(s.done))
}
