//go:build !linux

package bench

import (
	"errors"
	"os/exec"
)

func apart(*exec.Cmd) {}

func kill(c *exec.Cmd) { c.Process.Kill() }

func onCores(n int, start func() error) error {
	if n > 0 {
		return errors.New("a number of cores can be chosen on Linux only: leave --cores out")
	}
	return start()
}
