package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

// interrupted is the environment variable with the path of relay.Relay's Mark.
const interrupted = "ESSNAS_INTERRUPTED"

// cell runs the program name.cell. It forwards interrupts, copies the output, shortens the text of
// a crash to the message and the cell's own lines, and ends with the cell's status.
func cell(name string, args []string) {
	if _, err := os.Stat(os.Getenv(interrupted)); err == nil {
		io.WriteString(os.Stderr, "The cell was interrupted before it began.\n")
		os.Exit(130)
	}
	runtime.LockOSThread()
	dieWithParent(syscall.SIGKILL)
	command := exec.Command(name+".cell", args...)
	command.Stdin, command.Stdout = os.Stdin, os.Stdout
	tie(command)
	stderr, err := command.StderrPipe()
	if err != nil {
		fail(err)
	}
	interrupts := make(chan os.Signal, 4)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	if err := command.Start(); err != nil {
		fail(err)
	}
	go func() {
		for s := range interrupts {
			command.Process.Signal(s)
		}
	}()
	copyErrors(stderr, os.Stderr)
	err = command.Wait()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		status := exit.ExitCode()
		if state, ok := exit.Sys().(syscall.WaitStatus); ok && state.Signaled() {
			status = 128 + int(state.Signal())
			if state.Signal() == syscall.SIGKILL {
				io.WriteString(os.Stderr, "The system has killed the cell, probably because memory ran out: close other notebooks, or take smaller settings (a smaller batch, fewer channels).\n")
			}
		}
		os.Exit(status)
	}
	if err != nil {
		fail(err)
	}
}

// copyErrors copies the standard error of a cell, line by line. It shortens the text of a crash at
// the end.
func copyErrors(from io.Reader, to io.Writer) {
	var crash []string
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if len(crash) > 0 || crashes(line) {
			crash = append(crash, line)
		} else if line != "" {
			io.WriteString(to, line)
		}
		if err != nil {
			break
		}
	}
	io.WriteString(to, brief(crash))
}
