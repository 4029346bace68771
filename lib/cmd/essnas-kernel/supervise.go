package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// dieWithParent lets Linux send a signal to this process when its parent ends.
func dieWithParent(signal syscall.Signal) {
	syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, uintptr(signal), 0)
}

// tie lets the process of a command end with the thread that starts it.
func tie(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// supervise runs GoNB and returns its exit status. When GoNB ends, supervise ends the remaining
// processes of the kernel's session: a cell and its children. GoNB leaves them running, and Jupyter
// may have been killed. supervise returns an error if GoNB does not start.
func supervise(gonb *exec.Cmd) (status int, err error) {
	parent := os.Getppid()
	dieWithParent(syscall.SIGTERM)
	if os.Getppid() != parent {
		return 1, errors.New("Jupyter has ended")
	}
	gonb.Stdin, gonb.Stdout, gonb.Stderr = os.Stdin, os.Stdout, os.Stderr
	tie(gonb)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	if err := gonb.Start(); err != nil {
		return 1, err
	}
	ended := make(chan error, 1)
	go func() { ended <- gonb.Wait() }()
	defer sweep()
	var late <-chan time.Time
	for {
		select {
		case s := <-signals:
			gonb.Process.Signal(s)
			if s != syscall.SIGINT && late == nil {
				late = time.After(2 * time.Second)
			}
		case <-late:
			gonb.Process.Kill()
		case <-ended:
			return max(0, gonb.ProcessState.ExitCode()), nil
		}
	}
}

// sweep kills the other processes of this process's session if it leads the session: Jupyter gives
// every kernel a session. Servers that outlive the kernel have sessions of their own.
func sweep() {
	self := os.Getpid()
	if sid, _, _ := syscall.RawSyscall(syscall.SYS_GETSID, 0, 0, 0); int(sid) != self {
		return
	}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid pgrp session; the name may contain any character
		var state string
		var pid, parent, group, session int
		fmt.Sscan(string(text), &pid)
		if _, err := fmt.Sscan(string(text[strings.LastIndexByte(string(text), ')')+1:]), &state, &parent, &group, &session); err == nil && session == self && pid != self {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}
