package jupyter

import (
	"bufio"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/internal/cachedir"
	"github.com/gofrs/flock"
)

//go:embed requirements.txt
var requirements string

// unneeded are packages that pip installs as dependencies and JupyterLab runs without. jsonschema
// imports rfc3987-syntax where it finds it, and that builds a parser with lark, for three seconds at
// each start of Jupyter, of nbconvert and of a notebook's run. It checks IRIs, a format that no
// schema of Jupyter has.
var unneeded = []string{"rfc3987-syntax", "lark"}

// ErrNoPython is the error for a machine that can't make a virtual environment.
var ErrNoPython = errors.New("JupyterLab needs Python 3.10 or later with its module venv: install it (on Debian and Ubuntu: apt-get install python3-venv)")

// Installed reports whether JupyterLab is installed. [Environment] installs it.
func Installed() bool {
	dir, err := location()
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(dir, "complete"))
	return err == nil
}

// location returns the directory of the environment. Its name contains a hash of the lists of
// packages.
func location() (string, error) {
	cache, err := cachedir.Path()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(requirements + strings.Join(unneeded, " ")))
	return filepath.Join(cache, "jupyter", hex.EncodeToString(sum[:6])), nil
}

// Environment returns the directory of a virtual environment with JupyterLab in the user's cache.
// It makes the environment on first use and reports progress to say. Environment returns
// [ErrNoPython] without a usable Python, and an error if pip fails or ctx ends.
func Environment(ctx context.Context, say func(string)) (dir string, err error) {
	if dir, err = location(); err != nil {
		return "", err
	}
	above := filepath.Dir(dir)
	if err := os.MkdirAll(above, 0o700); err != nil {
		return "", err
	}
	if err := cachedir.Private(above); err != nil {
		return "", err
	}
	lock := flock.New(dir + ".lock")
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return "", err
	}
	defer lock.Close()
	complete := filepath.Join(dir, "complete")
	if _, err := os.Stat(complete); err == nil {
		return dir, nil
	}
	if err := os.RemoveAll(dir); err != nil { // remains of an interrupted attempt
		return "", err
	}
	if err := install(ctx, dir, say); err != nil {
		return "", err
	}
	// JupyterLab asks every new user for permission to fetch news, which distracts a class.
	quiet := []byte(`{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}` + "\n")
	if err := atomicfile.WriteBytes(filepath.Join(dir, "etc", "jupyter", "labconfig", "page_config.json"), quiet); err != nil {
		return "", err
	}
	return dir, os.WriteFile(complete, nil, 0o600)
}

func install(ctx context.Context, dir string, say func(string)) error {
	packages := strings.Count(requirements, "==")
	say(fmt.Sprintf("Installing JupyterLab into %s: some %d packages, which takes a minute the first time.", dir, packages))
	if out, err := exec.CommandContext(ctx, "python3", "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))").CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w (%s)", ErrNoPython, lastLine(string(out), err))
	}
	if out, err := exec.CommandContext(ctx, "python3", "-m", "venv", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("%w (%s)", ErrNoPython, lastLine(string(out), err))
	}
	list := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(list, []byte(requirements), 0o600); err != nil {
		return err
	}
	pip := exec.CommandContext(ctx, filepath.Join(dir, "bin", "python"), "-m", "pip", "install", "--require-hashes", "--only-binary=:all:", "--no-input",
		"--disable-pip-version-check", "--progress-bar=off", "--requirement", list)
	pip.WaitDelay = time.Second
	out, write := io.Pipe()
	pip.Stdout, pip.Stderr = write, write
	if err := pip.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- pip.Wait(); write.Close() }()
	said, done := "", 0
	told := time.Now()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "Collecting ") {
			done++
		}
		if strings.HasPrefix(line, "ERROR: ") {
			said = strings.TrimPrefix(line, "ERROR: ")
		}
		if time.Since(told) > 5*time.Second {
			told = time.Now()
			say(fmt.Sprintf("  %d packages so far", done))
		}
	}
	err := <-ended
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("pip could not install JupyterLab (%s): check the network and pip's settings (pip config list), then run the same command again", lastLine(said, err))
	}
	without := exec.CommandContext(ctx, pip.Path, append([]string{"-m", "pip", "uninstall", "--yes", "--no-input", "--disable-pip-version-check"}, unneeded...)...)
	if out, err := without.CombinedOutput(); ctx.Err() != nil {
		return ctx.Err()
	} else if err != nil {
		return fmt.Errorf("pip could not remove %s (%s)", strings.Join(unneeded, " and "), lastLine(string(out), err))
	}
	return nil
}

// lastLine returns the last line of a program's output, or its exit status if there is no output.
func lastLine(out string, err error) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return last
	}
	return err.Error()
}
