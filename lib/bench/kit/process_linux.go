package kit

import (
	"os/exec"
	"syscall"
)

// apart puts the worker into a process group of its own, which is killed as a whole.
func apart(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
}
