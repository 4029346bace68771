package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/essnas/essnas/lib/jupyter/relay"
)

// kernel runs GoNB until GoNB or Jupyter ends.
func kernel(connection string) {
	root, tools := os.Getenv("ESSNAS_ROOT"), os.Getenv("ESSNAS_TOOLS")
	if root == "" || tools == "" {
		fail(errors.New("ESSNAS_ROOT or ESSNAS_TOOLS is not set: start the kernel by essnas lab, or by the kernelspec that essnas kernel install writes"))
	}
	if err := prepare(root, tools); err != nil {
		fail(err)
	}
	messages, err := relay.Start(connection)
	if err != nil {
		fail(err)
	}
	if err := os.Setenv(interrupted, messages.Mark); err != nil {
		fail(err)
	}
	runtime.LockOSThread() // GoNB ends with this thread
	// GoNB's log would stay in /tmp, where other users of the machine read it
	gonb := exec.Command(filepath.Join(tools, "gonb"), "--kernel", messages.File, "--raw_error", "--logtostderr=false", "--stderrthreshold=FATAL",
		"--log_dir="+filepath.Dir(messages.File))
	status, err := supervise(gonb)
	messages.Close()
	if err != nil {
		fail(err)
	}
	os.Exit(status)
}

// prepare sets the environment that GoNB and cells inherit.
func prepare(root, tools string) error {
	goroot, err := exec.Command("go", "env", "-C", root, "GOROOT", "GOPROXY", "GOFLAGS").Output()
	if err != nil {
		return fmt.Errorf("the go command doesn't work in %s (%w): install Go, or put it into the PATH that Jupyter is started with", root, err)
	}
	lines := strings.Split(string(goroot), "\n")
	self, err := os.Executable()
	if err != nil {
		return err
	}
	names := filepath.Join(tools, "names")
	if err := os.MkdirAll(names, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"go", "goimports", "gopls"} {
		if _, err := os.Stat(filepath.Join(tools, name)); name == "gopls" && err != nil {
			continue // gopls isn't built yet, and GoNB works without it
		}
		if err := link(self, filepath.Join(names, name)); err != nil {
			return err
		}
	}
	for name, value := range map[string]string{
		// the toolchain of go.mod, so that cells need not look for it
		"ESSNAS_GO":      filepath.Join(lines[0], "bin", "go"),
		"ESSNAS_GOPROXY": lines[1],
		"ESSNAS_KERNEL":  strconv.Itoa(os.Getpid()), // cells end with this process
		"GOTOOLCHAIN":    "local",
		"GOPROXY":        "off",
		"GOWORK":         "off",
		// linking without symbols takes a fifth of the time
		"GOFLAGS": strings.TrimSpace(lines[2] + " -ldflags=-s -buildvcs=false"),
		"PATH":    strings.Join([]string{names, tools, filepath.Join(lines[0], "bin"), os.Getenv("PATH")}, string(os.PathListSeparator)),
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// link makes name a symbolic link to the file and replaces an earlier file of this name. It returns
// an error if the directory can't be written.
func link(file, name string) error {
	if there, err := os.Readlink(name); err == nil && there == file {
		return nil
	}
	temporary := fmt.Sprintf("%s.%d", name, os.Getpid())
	if err := os.Symlink(file, temporary); err != nil {
		return err
	}
	return os.Rename(temporary, name)
}
