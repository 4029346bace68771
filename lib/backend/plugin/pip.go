package plugin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// pipCommands lists the ways to call pip in order of preference.
var pipCommands = [][]string{{"python3", "-m", "pip"}, {"python", "-m", "pip"}, {"pip3"}, {"pip"}}

// ErrNoPip is the error of an installation without pip.
var ErrNoPip = &Fault{"Python's pip is missing", "install it (on Debian and Ubuntu: apt-get install python3-pip)"}

// findPip returns the first of pipCommands that works, and its version.
func findPip(ctx context.Context) (command []string, version string, err error) {
	for _, c := range pipCommands {
		path, err := exec.LookPath(c[0])
		if err != nil {
			continue
		}
		out, err := exec.CommandContext(ctx, path, append(c[1:len(c):len(c)], "--version")...).Output()
		if err == nil {
			return append([]string{path}, c[1:]...), strings.TrimSpace(string(out)), nil
		}
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
	}
	return nil, "", ErrNoPip
}

// PipVersion returns the version of the pip that would install a plugin, or [ErrNoPip] if there is
// none.
func PipVersion(ctx context.Context) (version string, err error) {
	_, version, err = findPip(ctx)
	return version, err
}

// download fetches the files of wheels into dir with pip, which knows the user's proxy and index,
// and returns their paths. Pip and this function both check the hashes, since the wheels contain
// code. Temporary files lie in dir as well, because CUDA's would fill many a /tmp.
func download(ctx context.Context, dir string, log io.Writer, wheels ...wheel) ([]string, error) {
	pip, _, err := findPip(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	var lines, names strings.Builder
	want := map[string]bool{}
	for i, w := range wheels {
		lines.WriteString(w.requirement())
		want[w.sha256[runtime.GOARCH]] = true
		if i == 0 {
			names.WriteString(w.String())
		}
	}
	if len(wheels) > 1 {
		fmt.Fprintf(&names, " and %d libraries", len(wheels)-1)
	}
	requirements := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(requirements, []byte(lines.String()), 0o600); err != nil {
		return nil, err
	}
	args := append(pip[1:len(pip):len(pip)], "download", "--no-deps", "--only-binary=:all:", "--require-hashes", "--no-input",
		"--disable-pip-version-check", "--progress-bar=off", "--dest", dir, "--requirement", requirements)
	command := exec.CommandContext(ctx, pip[0], args...)
	command.Env = append(os.Environ(), "TMPDIR="+dir)
	command.WaitDelay = time.Second // for children of pip that keep its output open
	stop := watch(dir, log)
	out, err := command.CombinedOutput()
	stop()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("the download of %s was interrupted: %w", &names, ctx.Err())
	}
	if err != nil {
		return nil, &Fault{fmt.Sprintf("pip could not download %s (%s)", &names, pipSays(out, err)), pipAdvice(string(out))}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		sum, err := FileSHA256(f)
		if err != nil {
			return nil, err
		}
		if !want[sum] {
			return nil, &Fault{fmt.Sprintf("pip downloaded a %s that is not the expected one", filepath.Base(f)), "check the package index that pip is set to (pip config list)"}
		}
		delete(want, sum)
	}
	if len(want) != 0 {
		return nil, &Fault{fmt.Sprintf("pip said that it downloaded %s, but %d files are missing", &names, len(want)), "check its settings (pip config list)"}
	}
	return files, nil
}

// watch reports the progress of a download every ten seconds until the returned function is called.
func watch(dir string, log io.Writer) (stop func()) {
	done := make(chan struct{})
	var end sync.WaitGroup
	end.Go(func() {
		tick := time.NewTicker(10 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				var bytes int64
				filepath.WalkDir(dir, func(_ string, entry os.DirEntry, err error) error {
					if err == nil && entry.Type().IsRegular() {
						if info, err := entry.Info(); err == nil {
							bytes += info.Size()
						}
					}
					return nil // files come and go
				})
				fmt.Fprintf(log, "  %d MB so far\n", bytes/1e6)
			}
		}
	})
	return func() { close(done); end.Wait() }
}

// pipSays returns the most informative line of pip's output.
func pipSays(out []byte, err error) string {
	said := err.Error()
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "ERROR:"); ok {
			said = strings.TrimSpace(rest) // the last error summarises
		}
	}
	return said
}

// pipAdvice returns the advice for a failed download.
func pipAdvice(out string) string {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(out, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("No space left"):
		return "make room on the disk, or set ESSNAS_CACHE and TMPDIR to a larger one"
	case has("THESE PACKAGES DO NOT MATCH THE HASHES", "do not match the hashes"):
		return "the package index that pip is set to serves another file: check it (pip config list)"
	case has("Connection", "connection", "resolve", "Network", "timed out", "Proxy", "ProxyError", "SSL", "CERTIFICATE"):
		return "check the network and pip's proxy settings (pip config list), then try again"
	case has("No matching distribution"):
		return "check that pip reaches PyPI and is version 20.3 or later (python3 -m pip install --upgrade pip)"
	}
	return "run the same command again, or install a PJRT plugin by hand and name its path with --backend"
}

// FileSHA256 returns the SHA-256 of a file in hexadecimal digits, and an error if it can't be read.
func FileSHA256(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
