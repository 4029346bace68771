package pjrt

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func testKey(i int) key { return keyOf(fmt.Sprint(i), nil, nil, nil, nil) }

func TestWhatIsStoredIsLoaded(t *testing.T) {
	e, err := openExecutables(filepath.Join(t.TempDir(), "a", "b"), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if _, b, err := e.load(testKey(1)); b != nil || err != nil {
		t.Errorf("an empty cache gives %q, %v", b, err)
	}
	payload := []byte("an executable")
	n, err := e.store(testKey(1), payload, 1500*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	took, b, err := e.load(testKey(1))
	if !bytes.Equal(b, payload) || took != 1500*time.Millisecond || err != nil {
		t.Errorf("loaded %q, %v, %v", b, took, err)
	}
	if info, err := os.Stat(e.path(testKey(1))); err != nil || info.Size() != int64(n) || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has %v, %v; want %d bytes and 0600", info, err, n)
	}
}

func TestEveryDamageIsNoticed(t *testing.T) {
	e, err := openExecutables(t.TempDir(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	k := testKey(1)
	if _, err := e.store(k, []byte("an executable"), time.Second); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(e.path(k))
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, b []byte) {
		t.Helper()
		if err := os.WriteFile(e.path(k), b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, p, err := e.load(k); p != nil || err == nil {
			t.Errorf("%s: loaded %q, error %v", what, p, err)
		}
	}
	for i := range whole {
		check(fmt.Sprintf("cut to %d bytes", i), whole[:i])
		flipped := bytes.Clone(whole)
		flipped[i] ^= 0x10
		check(fmt.Sprintf("byte %d is wrong", i), flipped)
	}
	check("longer", append(bytes.Clone(whole), 0))
}

func TestTheLeastRecentlyUsedGoFirst(t *testing.T) {
	payload := make([]byte, 1000)
	size := int64(headerSize + len(payload) + 32)
	e, err := openExecutables(t.TempDir(), 8*size)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now().Add(-time.Hour)
	for i := range 8 {
		if _, err := e.store(testKey(i), payload, 0); err != nil {
			t.Fatal(err)
		}
		at := start.Add(time.Duration(i) * time.Minute)
		if err := os.Chtimes(e.path(testKey(i)), at, at); err != nil {
			t.Fatal(err)
		}
	}
	if _, b, _ := e.load(testKey(0)); b == nil { // the oldest, but used now
		t.Fatal("not there")
	}
	if _, err := e.store(testKey(8), payload, 0); err != nil {
		t.Fatal(err)
	}
	var there []int
	for i := range 9 {
		if exists(e.path(testKey(i))) {
			there = append(there, i)
		}
	}
	if fmt.Sprint(there) != "[0 4 5 6 7 8]" { // six are three quarters of eight
		t.Errorf("left are %v", there)
	}
	if _, err := e.store(testKey(9), make([]byte, 3*size), 0); err != nil || exists(e.path(testKey(9))) {
		t.Error("one that would throw out too many others is stored", err)
	}
}

func TestTheCacheIsCountedAndCleared(t *testing.T) {
	cache := t.TempDir()
	if n, size, err := CountExecutables(cache); n != 0 || size != 0 || err != nil {
		t.Errorf("a cache that is not there: %d, %d, %v", n, size, err)
	}
	e, err := openExecutables(Dir(cache), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for i := range 3 {
		n, err := e.store(testKey(i), []byte("x"), 0)
		if err != nil {
			t.Fatal(err)
		}
		want += n
	}
	other := filepath.Join(e.dir, "notes.txt")
	if err := os.WriteFile(other, []byte("a user's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, size, err := CountExecutables(cache); n != 3 || size != int64(want) || err != nil {
		t.Errorf("%d executables of %d bytes, %v; want 3 of %d", n, size, err, want)
	}
	if err := ClearExecutables(cache); err != nil {
		t.Fatal(err)
	}
	if n, _, err := CountExecutables(cache); n != 0 || err != nil {
		t.Errorf("%d after clearing, %v", n, err)
	}
	if !exists(other) {
		t.Error("a foreign file is gone")
	}
}

func TestACacheOfAnotherUserIsNotUsed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a directory away")
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 65534, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := openExecutables(dir, 1<<20); err == nil || !strings.Contains(err.Error(), "belongs to another user") {
		t.Errorf("error %v", err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
