package cachedir

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/janpfeifer/must"
)

func TestTheCacheIsWhereTheEnvironmentSays(t *testing.T) {
	t.Setenv("ESSNAS_CACHE", "/some/where")
	if dir := must.M1(Path()); dir != "/some/where" {
		t.Errorf("with $ESSNAS_CACHE it is %s", dir)
	}
	t.Chdir(t.TempDir())
	t.Setenv("ESSNAS_CACHE", "here")
	if dir := must.M1(Path()); dir != filepath.Join(must.M1(os.Getwd()), "here") {
		t.Errorf("with a relative $ESSNAS_CACHE it is %s", dir)
	}
	t.Setenv("ESSNAS_CACHE", "")
	if dir := must.M1(Path()); dir != filepath.Join(must.M1(os.UserCacheDir()), "essnas") {
		t.Errorf("without $ESSNAS_CACHE it is %s", dir)
	}
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	if _, err := Path(); err == nil || !strings.Contains(err.Error(), "set ESSNAS_CACHE") {
		t.Errorf("without a home: %v", err)
	}
}

func TestAPrivateDirectoryIsTheUsersAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "some")
	must.M(os.Mkdir(dir, 0o755))
	must.M(os.Chmod(dir, 0o777))
	must.M(Private(dir))
	if mode := must.M1(os.Stat(dir)).Mode().Perm(); mode != 0o700 {
		t.Errorf("its mode is %v", mode)
	}
	file := filepath.Join(dir, "file")
	must.M(os.WriteFile(file, nil, 0o600))
	for path, want := range map[string]string{file: "not a directory", filepath.Join(dir, "none"): "no such file"} {
		if err := Private(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can give a directory away")
	}
	must.M(os.Chown(dir, 65534, -1))
	if err := Private(dir); err == nil || !strings.Contains(err.Error(), "belongs to another user") {
		t.Errorf("a directory of another user: %v", err)
	}
}
