//go:build !linux

package main

import (
	"os"
	"os/exec"
	"syscall"
)

func dieWithParent(syscall.Signal) {}

func tie(*exec.Cmd) {}

// supervise becomes GoNB: only Linux tells a process that its parent is gone.
func supervise(gonb *exec.Cmd) (status int, err error) {
	return 1, syscall.Exec(gonb.Path, gonb.Args, os.Environ())
}
