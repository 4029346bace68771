package plugin

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// verified is the name of the file in a plugin's directory that says which files had the right
// hashes: their inodes, sizes and times. Hashing CUDA's libraries takes seconds; comparing these
// numbers takes none, and any write to a file changes its time.
const verified = ".verified"

// Whole reports whether a plugin and its libraries are present with the SHA-256 of their wheels'
// lists. The rename in fetch guarantees it; a failing disk or a user may have changed files since.
// plugins is the directory of all plugins, see [Dir].
func (p Wheel) Whole(plugins string) bool {
	if !isFile(p.path(plugins)) {
		return false
	}
	dir := p.dir(plugins)
	records, _ := filepath.Glob(filepath.Join(dir, "*.dist-info", "RECORD"))
	if len(records) != 1+len(p.libraries) {
		return false
	}
	var state strings.Builder
	hashes := map[string]string{}
	for _, record := range records {
		text, err := os.ReadFile(record)
		if err != nil {
			return false
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Split(strings.TrimSpace(line), ",") // path,hash,size
			if len(fields) != 3 || fields[2] == "" || skipped(fields[0]) {
				continue
			}
			file := filepath.Join(dir, filepath.FromSlash(fields[0]))
			info, err := os.Stat(file)
			if err != nil || fmt.Sprint(info.Size()) != fields[2] {
				return false
			}
			hashes[file] = fields[1]
			s, ok := info.Sys().(*syscall.Stat_t)
			if !ok {
				return false
			}
			fmt.Fprintln(&state, line, s.Dev, s.Ino, s.Mtim, s.Ctim)
		}
	}
	stamp := filepath.Join(dir, verified)
	if before, err := os.ReadFile(stamp); err == nil && string(before) == state.String() {
		return true
	}
	for file, want := range hashes {
		if !hasHash(file, want) {
			return false
		}
	}
	// Where the stamp can't be written, or is cut off, the next process hashes again.
	os.WriteFile(stamp, []byte(state.String()), 0o600)
	return true
}

// hasHash reports whether a file has the hash of a wheel's list, "sha256=" and unpadded base64.
func hasHash(file, want string) bool {
	text, ok := strings.CutPrefix(want, "sha256=")
	sum, err := base64.RawURLEncoding.DecodeString(text)
	if !ok || err != nil {
		return false
	}
	got, err := FileSHA256(file)
	return err == nil && got == hex.EncodeToString(sum)
}
