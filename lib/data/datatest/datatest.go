// Package datatest gives tests real data, in the official files' layout.
package datatest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gofrs/flock"
)

// folders returns the folder of each data set in a data directory.
func folders() map[string]string {
	return map[string]string{"cifar10": "cifar-10-batches-bin", "cifar100": "cifar-100-binary", "fashion-mnist": "fashion-mnist"}
}

// Dir returns a data directory with the named data sets: $ESSNAS_DATA if it has them, else a
// directory made from shared/data beside the checkout with the tool in shared/tools/datasets, once
// per user. Without either, the test is skipped.
func Dir(t testing.TB, names ...string) string {
	t.Helper()
	dir := os.Getenv("ESSNAS_DATA")
	if dir != "" && len(missing(dir, names)) == 0 {
		return dir
	}
	shared, err := beside()
	if err != nil {
		t.Skipf("needs the real %v: set ESSNAS_DATA to a directory that has them (%v)", names, err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(cache, "essnas", "testdata")
	if err := convert(t, shared, dir, names); err != nil {
		t.Fatal(err)
	}
	return dir
}

func missing(dir string, names []string) (m []string) {
	for _, n := range names {
		if _, err := os.Stat(filepath.Join(dir, folders()[n])); err != nil {
			m = append(m, n)
		}
	}
	return
}

// beside finds shared/ beside the checkout of the working directory.
func beside() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("the working directory is in no module")
		}
		dir = up
	}
	shared := filepath.Join(filepath.Dir(dir), "shared")
	for _, need := range []string{"data", "tools/datasets"} {
		if _, err := os.Stat(filepath.Join(shared, need)); err != nil {
			return "", errors.New("no shared data beside the checkout")
		}
	}
	return shared, nil
}

// convert makes the missing data sets in dir. A data set appears whole or not at all.
func convert(t testing.TB, shared, dir string, names []string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(dir, ".lock"))
	if err := lock.Lock(); err != nil {
		return err
	}
	defer lock.Unlock()
	for _, name := range missing(dir, names) {
		t.Logf("making the official files of %s in %s", name, dir)
		part, err := os.MkdirTemp(dir, ".part-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(part)
		tool := exec.CommandContext(t.Context(), "go", "run", ".", "-data", filepath.Join(shared, "data"), "-out", part, name)
		tool.Dir = filepath.Join(shared, "tools", "datasets")
		tool.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
		if out, err := tool.CombinedOutput(); err != nil {
			return fmt.Errorf("making the official files of %s: %w\n%s", name, err, out)
		}
		if err := os.Rename(filepath.Join(part, folders()[name]), filepath.Join(dir, folders()[name])); err != nil {
			return err
		}
	}
	return nil
}
