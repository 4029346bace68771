package pjrt

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/essnas/essnas/lib/internal/cachedir"
)

// The file of an executable has its key as name and contains
//
//	magic     8 bytes
//	key      32 bytes: recognises a renamed file
//	took      8 bytes: nanoseconds of the compilation, little endian
//	payload  the result of PJRT_Executable_Serialize
//	sum      32 bytes: SHA-256 of everything before
//
// It is written under a temporary name and renamed. It is not synced: after a crash of the machine,
// a torn file has a wrong sum and its program is compiled anew.
const (
	magic      = "ESSNASX1"
	headerSize = len(magic) + sha256.Size + 8
)

// maxExecutables bounds the size of the directory; a search network with all its variants takes
// some ten megabytes.
const maxExecutables = 1 << 30

// Dir returns the directory of executables in a cache directory.
func Dir(cacheDir string) string { return filepath.Join(cacheDir, "executables") }

// Executables is a directory of compiled programs, shared between processes and bounded in size.
// The least recently used files are removed first; loading a file sets its time.
type Executables struct {
	dir string
	max int64

	mu       sync.Mutex
	size     int64 // estimated, without the files of other processes
	readOnly bool  // after the first failure to write
}

// OpenExecutables opens the executables of a cache directory, which need not exist: the first store
// creates it. It returns an error if the directory can't be read or belongs to another user.
func OpenExecutables(cacheDir string) (*Executables, error) {
	return openExecutables(Dir(cacheDir), maxExecutables)
}

func openExecutables(dir string, max int64) (*Executables, error) {
	e := &Executables{dir: dir, max: max}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return e, nil
	}
	err := cachedir.Private(dir)
	if err == nil {
		var files []executableFile
		files, err = e.list()
		for _, f := range files {
			e.size += f.size
		}
	}
	if err != nil {
		return nil, fmt.Errorf("compiled executables are not kept: %w", err)
	}
	return e, nil
}

func (e *Executables) path(k key) string { return filepath.Join(e.dir, k.String()) }

// load returns the executable of a key and the time of its compilation, or nil if there is none.
func (e *Executables) load(k key) (took time.Duration, payload []byte, err error) {
	b, err := os.ReadFile(e.path(k))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, fmt.Errorf("an executable on disk can't be read: %w", err)
	}
	n := len(b) - sha256.Size
	if n <= headerSize || string(b[:len(magic)]) != magic || !bytes.Equal(b[len(magic):len(magic)+len(k)], k[:]) || sha256.Sum256(b[:n]) != [sha256.Size]byte(b[n:]) {
		return 0, nil, errors.New("an executable on disk was damaged or foreign and is compiled anew")
	}
	now := time.Now()
	// fails in a foreign directory, which evict leaves alone as well
	os.Chtimes(e.path(k), now, now)
	return time.Duration(binary.LittleEndian.Uint64(b[headerSize-8:])), b[headerSize:n], nil
}

// writes reports whether store can succeed.
func (e *Executables) writes() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.readOnly
}

// store writes an executable and returns the size of its file. After a failure it writes nothing
// more.
func (e *Executables) store(k key, payload []byte, took time.Duration) (int, error) {
	n := headerSize + len(payload) + sha256.Size
	if int64(n) > e.max/4 {
		return 0, nil // it would displace too many others
	}
	b := make([]byte, 0, n)
	b = append(b, magic...)
	b = append(b, k[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(took))
	b = append(b, payload...)
	sum := sha256.Sum256(b)
	b = append(b, sum[:]...)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.readOnly {
		return 0, nil
	}
	if e.size += int64(n); e.size > e.max {
		e.evict(int64(n))
	}
	if err := e.write(k, b); err != nil {
		e.readOnly = true
		return 0, fmt.Errorf("executables are no longer written to the disk: %w", err)
	}
	return n, nil
}

func (e *Executables) write(k key, b []byte) error {
	f, err := os.CreateTemp(e.dir, temporary+"*")
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(e.dir, 0o700); err == nil {
			f, err = os.CreateTemp(e.dir, temporary+"*")
		}
	}
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if c := f.Close(); err == nil {
		err = c
	}
	if err == nil {
		err = os.Rename(f.Name(), e.path(k))
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

const temporary = ".new-"

// evict makes room for n bytes. It removes a quarter more, so that it runs rarely.
func (e *Executables) evict(n int64) {
	files, err := e.list()
	if err != nil {
		return
	}
	slices.SortFunc(files, func(a, b executableFile) int { return cmp.Compare(a.used, b.used) })
	e.size = n
	for _, f := range files {
		e.size += f.size
	}
	for _, f := range files {
		if e.size <= e.max*3/4 {
			break
		}
		if os.Remove(f.path) == nil {
			e.size -= f.size
		}
	}
}

type executableFile struct {
	path string
	size int64
	used int64 // unix nanoseconds
}

// list returns the files of executables and removes temporary files older than an hour.
func (e *Executables) list() ([]executableFile, error) {
	entries, err := os.ReadDir(e.dir)
	if err != nil {
		return nil, err
	}
	var files []executableFile
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // another process has removed it, or it is foreign
		}
		path := filepath.Join(e.dir, entry.Name())
		if strings.HasPrefix(entry.Name(), temporary) {
			if time.Since(info.ModTime()) > time.Hour {
				os.Remove(path)
			}
			continue
		}
		if len(entry.Name()) == 2*len(key{}) {
			files = append(files, executableFile{path, info.Size(), info.ModTime().UnixNano()})
		}
	}
	return files, nil
}

// CountExecutables counts the programs and bytes in a cache directory. It returns an error if the
// directory can't be read.
func CountExecutables(cacheDir string) (n int, size int64, err error) {
	files, err := (&Executables{dir: Dir(cacheDir)}).list()
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil
	}
	for _, f := range files {
		size += f.size
	}
	return len(files), size, err
}

// ClearExecutables removes the programs from a cache directory. Running processes are not affected.
// It returns an error if a file can't be removed.
func ClearExecutables(cacheDir string) error {
	files, err := (&Executables{dir: Dir(cacheDir)}).list()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, f := range files {
		if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
