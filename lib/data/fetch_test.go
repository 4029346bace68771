package data

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// server offers files as their authors do. It records the Range headers of the requests.
type server struct {
	*httptest.Server
	mu     sync.Mutex
	files  map[string][]byte
	ranges []string
	// breaks is the number of answers that stop in the middle.
	breaks atomic.Int32
}

func serve(t *testing.T, files map[string][]byte) *server {
	s := &server{files: files}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		b, ok := s.files[strings.TrimPrefix(r.URL.Path, "/")]
		s.ranges = append(s.ranges, r.Header.Get("Range"))
		s.mu.Unlock()
		if !ok {
			http.NotFound(w, r)
			return
		}
		if s.breaks.Add(-1) >= 0 {
			w.Header().Set("Content-Length", fmt.Sprint(len(b)))
			w.Write(b[:len(b)/2])
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.ranges...)
}

// at returns the data set with the server's address in place of its authors'.
func at(s spec, url string, files map[string][]byte) spec {
	move := func(d *download) {
		d.url, d.md5 = url+"/"+d.name, fmt.Sprintf("%x", md5.Sum(files[d.name]))
	}
	if s.archive.url != "" {
		move(&s.archive)
		return s
	}
	for _, parts := range [][]part{s.train, s.test} {
		for i := range parts {
			move(&parts[i].images)
			move(&parts[i].labels)
		}
	}
	return s
}

// published returns a small data set, a server for it, and its unpacked files.
func published(t *testing.T, name string) (spec, *server, map[string][]byte) {
	s := specOf(t, name)
	files := fake(s, 10)
	offered := files
	if s.archive.url != "" {
		offered = map[string][]byte{s.archive.name: archived(s, files)}
	}
	v := serve(t, offered)
	return at(s, v.URL, offered), v, files
}

// tidy fails if the directory contains more than the folder and the lock.
func tidy(t *testing.T, s spec, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if n := e.Name(); n != s.folder && n != "."+s.name+".lock" {
			t.Errorf("%s is left over", n)
		}
	}
}

func TestFetchedIsWhatWasPublished(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			s, v, files := published(t, name)
			want, err := Load(name, put(t, s.folder, files))
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "made", "on", "the", "way")
			ends := map[string]bool{}
			err = s.fetch(t.Context(), dir, func(file string, done, total int64) { ends[file] = done == total })
			if err != nil {
				t.Fatal(err)
			}
			got, err := Load(name, dir)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			tidy(t, s, dir)
			if len(ends) != len(v.files) {
				t.Errorf("progress of %d files, want %d", len(ends), len(v.files))
			}
			for file, ended := range ends {
				if !ended {
					t.Errorf("progress of %s does not end at its size", file)
				}
			}
			n := len(v.requests())
			if err := s.fetch(t.Context(), dir, nil); err != nil || len(v.requests()) != n {
				t.Errorf("fetching what is there asks the server again (%v)", err)
			}
		})
	}
}

func TestABrokenDownloadGoesOnWhereItStopped(t *testing.T) {
	s, v, _ := published(t, "cifar10")
	v.breaks.Store(1)
	dir := t.TempDir()
	if err := s.fetch(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	half := len(v.files[s.archive.name]) / 2
	if got, want := v.requests(), []string{"", fmt.Sprintf("bytes=%d-", half)}; !cmp.Equal(got, want) {
		t.Errorf("requests %q, want %q", got, want)
	}
	tidy(t, s, dir)
}

func TestAnInterruptedFetchGoesOnInTheNext(t *testing.T) {
	for _, name := range []string{"cifar100", "fashion-mnist"} {
		s, v, _ := published(t, name)
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		// Break off in the middle of the biggest file.
		big := s.archive.name
		if big == "" {
			big = s.train[0].images.name
		}
		v.breaks.Store(1)
		err := s.fetch(ctx, dir, func(file string, done, total int64) {
			if file == big && done > 0 && done < total {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: interrupted: %v", name, err)
		}
		if _, err := Load(name, dir); err == nil {
			t.Fatalf("%s: half a data set loads", name)
		}
		v.breaks.Store(0)
		parts, err := filepath.Glob(filepath.Join(dir, ".fetch-"+name, "*", big+".part"))
		if s.archive.url != "" {
			parts, err = []string{filepath.Join(dir, ".fetch-"+name, big+".part")}, nil
		}
		if err != nil || len(parts) != 1 {
			t.Fatal(parts, err)
		}
		arrived, err := os.Stat(parts[0])
		if err != nil || arrived.Size() == 0 {
			t.Fatal("nothing is kept", err)
		}
		before := len(v.requests())
		if err := s.fetch(t.Context(), dir, nil); err != nil {
			t.Fatal(err)
		}
		if got, want := v.requests()[before], fmt.Sprintf("bytes=%d-", arrived.Size()); got != want {
			t.Errorf("%s: goes on with %q, want %q", name, got, want)
		}
		if _, err := Load(name, dir); err != nil {
			t.Error(err)
		}
		tidy(t, s, dir)
	}
}

func TestALeftoverBeginningOfAnotherFileIsThrownAway(t *testing.T) {
	s, v, _ := published(t, "cifar10")
	for size := range map[int]bool{7: true, len(v.files[s.archive.name]): true, 1 << 20: true} {
		dir := t.TempDir()
		staging := filepath.Join(dir, ".fetch-cifar10")
		if err := os.MkdirAll(staging, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(staging, s.archive.name+".part"), make([]byte, size), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := s.fetch(t.Context(), dir, nil); err != nil {
			t.Errorf("%d bytes left over: %v", size, err)
		}
		tidy(t, s, dir)
	}
}

func TestDamagedFilesAreReplaced(t *testing.T) {
	s, _, files := published(t, "cifar10")
	files["test_batch.bin"] = files["test_batch.bin"][:100]
	dir := put(t, s.folder, files)
	if err := s.fetch(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Load("cifar10", dir); err != nil {
		t.Error(err)
	}
	tidy(t, s, dir)
}

func TestWhatIsNotOfficialNeverAppears(t *testing.T) {
	for name, test := range map[string]struct {
		sends []byte // nil: no such file
		says  string
	}{
		"a proxy's page": {[]byte("<html>log in"), "not the official one"},
		"nothing there":  {nil, "404 Not Found"},
	} {
		t.Run(name, func(t *testing.T) {
			s, v, _ := published(t, "cifar100")
			if v.files[s.archive.name] = test.sends; test.sends == nil {
				delete(v.files, s.archive.name)
			}
			dir := t.TempDir()
			err := s.fetch(t.Context(), dir, nil)
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), s.archive.url) {
				t.Fatalf("error is %v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, s.folder)); err == nil {
				t.Error("the folder is there")
			}
		})
	}
}

func TestAServerThatIsAwayIsNamed(t *testing.T) {
	s, v, _ := published(t, "cifar10")
	v.Close()
	dir := t.TempDir()
	err := s.fetch(t.Context(), dir, nil)
	if err == nil || !strings.Contains(err.Error(), s.archive.url+" can't be downloaded") || !strings.Contains(err.Error(), "cifar-10-binary.tar.gz from elsewhere into "+dir) {
		t.Errorf("error is %v", err)
	}
	if strings.Count(err.Error(), s.archive.url) > 1 {
		t.Errorf("the address comes twice: %v", err)
	}
}

func TestADirectoryThatCannotBeWrittenIsNamed(t *testing.T) {
	s, _, _ := published(t, "cifar10")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	err := s.fetch(t.Context(), filepath.Join(file, "data"), nil)
	if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "--data") {
		t.Errorf("error is %v", err)
	}
}

func TestTwoFetchesAtATimeDownloadOnce(t *testing.T) {
	s, v, _ := published(t, "fashion-mnist")
	dir := t.TempDir()
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := s.fetch(t.Context(), dir, nil); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if n := len(v.requests()); n != 4 {
		t.Errorf("%d requests for 4 files", n)
	}
	tidy(t, s, dir)
}

// The server sends without an end, as one that has been taken over might, once with a length and
// once without.
func TestADownloadStopsAtTheOfficialSize(t *testing.T) {
	for _, length := range []bool{true, false} {
		sent := 0
		v := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if length {
				w.Header().Set("Content-Length", fmt.Sprint(1<<40))
			}
			for r.Context().Err() == nil {
				n, err := w.Write(make([]byte, 64<<10))
				if sent += n; err != nil {
					return
				}
			}
		}))
		defer v.Close()
		dir := t.TempDir()
		d := download{name: "x", url: v.URL, md5: "0", most: 1 << 20}
		err := d.get(t.Context(), filepath.Join(dir, "x"), func(string, int64, int64) {})
		if err == nil || !strings.Contains(err.Error(), "more than 1048576 bytes") {
			t.Errorf("length %t: %v", length, err)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("length %t: %v is left over (%v)", length, entries, err)
		}
	}
}
