// Package group starts a worker in a process group of its own. Ctrl-C in a terminal does not reach
// such a worker, and the worker and its children can be killed together.
package group

import (
	"os/exec"
	"syscall"
	"time"
)

// Lead makes the command the leader of a new process group. Lead must be called before the command
// starts, and the command must come from exec.CommandContext. The end of its context kills the
// group. Wait returns at most five seconds later, even if a child keeps the output open.
func Lead(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return Kill(c) }
	c.WaitDelay = 5 * time.Second
}

// Kill kills the group of a started command. It returns the error of the system if there is no such
// group any more.
func Kill(c *exec.Cmd) error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
