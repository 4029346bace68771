//go:build linux && amd64

package faults

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Command is a program with its arguments, its working directory and its environment. Only calls
// for files below Root, an absolute path, count.
type Command struct {
	Args      []string // the program first
	Dir, Root string
	Env       []string
}

// Fault selects a call by its number, counted from 1; 0 selects none. The call fails with Errno.
// Without an Errno the program is killed before the call.
type Fault struct {
	At    int
	Errno syscall.Errno
}

// Result describes the run of a program.
type Result struct {
	Calls  []string // names of the calls, with paths relative to Root
	Struck bool
	Status syscall.WaitStatus
	Output string // of both streams
}

// variable tells the test binary to become the program.
const variable = "ESSNAS_FAULTS_EXEC"

// Main replaces this process by the program, with a filter, if Run has started this process. It
// returns otherwise.
func Main() {
	if os.Getenv(variable) == "" {
		return
	}
	os.Unsetenv(variable)
	runtime.LockOSThread()
	if err := install(); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(99)
	}
	err := syscall.Exec(os.Args[1], os.Args[1:], os.Environ())
	fmt.Fprintln(os.Stderr, "faults:", err)
	os.Exit(99)
}

// calls are the system calls that change files, by their numbers.
var calls = map[uint64]string{
	unix.SYS_OPEN: "open", unix.SYS_OPENAT: "openat", unix.SYS_CREAT: "creat",
	unix.SYS_WRITE: "write", unix.SYS_PWRITE64: "pwrite", unix.SYS_WRITEV: "writev",
	unix.SYS_TRUNCATE: "truncate", unix.SYS_FTRUNCATE: "ftruncate", unix.SYS_FALLOCATE: "fallocate",
	unix.SYS_RENAME: "rename", unix.SYS_RENAMEAT: "renameat", unix.SYS_RENAMEAT2: "renameat2",
	unix.SYS_UNLINK: "unlink", unix.SYS_UNLINKAT: "unlinkat", unix.SYS_RMDIR: "rmdir",
	unix.SYS_MKDIR: "mkdir", unix.SYS_MKDIRAT: "mkdirat", unix.SYS_LINK: "link", unix.SYS_LINKAT: "linkat",
	unix.SYS_FSYNC: "fsync", unix.SYS_FDATASYNC: "fdatasync", unix.SYS_CHMOD: "chmod", unix.SYS_FCHMOD: "fchmod", unix.SYS_FCHMODAT: "fchmodat",
}

// install lets the kernel stop this thread, and the program that replaces it, at these calls.
func install() error {
	// The first instruction loads the number of the call.
	filter := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}}
	for number := range calls {
		filter = append(filter,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: uint32(number)},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_TRACE})
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}

// Run runs a command, with a fault if its At is not 0. It returns an error if the command can't be
// started or followed.
func Run(c Command, f Fault) (r Result, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // a tracee belongs to a thread, which ends with this function
		r, err = run(c, f)
	}()
	<-done
	return r, err
}

func run(c Command, f Fault) (r Result, err error) {
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return r, err
	}
	defer read.Close()
	none, err := os.Open(os.DevNull)
	if err != nil {
		return r, err
	}
	defer none.Close()
	pid, err := syscall.ForkExec(self, append([]string{"faults"}, c.Args...), &syscall.ProcAttr{
		Dir: c.Dir, Env: append(c.Env, variable+"=1"),
		Files: []uintptr{none.Fd(), write.Fd(), write.Fd()}, Sys: &syscall.SysProcAttr{Ptrace: true},
	})
	write.Close()
	if err != nil {
		return r, err
	}
	output := make(chan string)
	go func() {
		text, _ := io.ReadAll(read)
		output <- string(text)
	}()
	t := tracer{command: c, fault: f, pid: pid}
	err = t.follow()
	t.Output = <-output
	return t.Result, err
}

// tracer follows a process and its threads.
type tracer struct {
	Result
	command Command
	fault   Fault
	pid     int
}

// nothread limits a wait to the tracees of this thread, because other threads have their own
// children.
const nothread = 0x20000000

func (t *tracer) follow() error {
	begun := map[int]bool{}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WALL|nothread, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("the process can't be followed: %w", err)
		}
		if status.Exited() || status.Signaled() {
			if pid == t.pid {
				t.Status = status
				return nil
			}
			continue
		}
		signal := 0
		switch event := int(status) >> 16; {
		case !begun[t.pid] && pid == t.pid: // its exec
			begun[pid] = true
			const options = unix.PTRACE_O_TRACESECCOMP | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_EXITKILL
			if err := syscall.PtraceSetOptions(pid, options); err != nil {
				return err
			}
		case event == unix.PTRACE_EVENT_SECCOMP:
			t.call(pid)
		case event != 0: // a new thread or process, or an exec
		case status.StopSignal() == syscall.SIGSTOP && !begun[pid]: // a new thread's first stop
			begun[pid] = true
		case status.StopSignal() != syscall.SIGTRAP:
			signal = int(status.StopSignal())
		}
		syscall.PtraceCont(pid, signal) // fails for a killed process, which needs no signal
	}
}

// call records the call that a thread begins, and applies the fault if this is the selected call.
func (t *tracer) call(pid int) {
	var regs syscall.PtraceRegs
	if syscall.PtraceGetRegs(pid, &regs) != nil {
		return
	}
	path, changes := t.path(pid, &regs)
	relative, err := filepath.Rel(t.command.Root, path)
	if !changes || err != nil || relative == ".." || strings.HasPrefix(relative, "../") {
		return
	}
	t.Calls = append(t.Calls, calls[regs.Orig_rax]+" "+relative)
	if len(t.Calls) != t.fault.At {
		return
	}
	t.Struck = true
	if t.fault.Errno == 0 {
		syscall.Kill(t.pid, syscall.SIGKILL)
		return
	}
	regs.Orig_rax, regs.Rax = ^uint64(0), uint64(-int64(t.fault.Errno)) // skips the call and sets its result
	syscall.PtraceSetRegs(pid, &regs)
}

// path returns the path of the file that a call changes; changes is false if it changes none.
func (t *tracer) path(pid int, regs *syscall.PtraceRegs) (path string, changes bool) {
	const writing = unix.O_WRONLY | unix.O_RDWR | unix.O_CREAT | unix.O_TRUNC
	at := func(directory, name uint64) string { return t.absolute(pid, int32(directory), text(pid, name)) }
	const here = unix.AT_FDCWD & (1<<64 - 1)
	switch regs.Orig_rax {
	case unix.SYS_OPENAT:
		return at(regs.Rdi, regs.Rsi), regs.Rdx&writing != 0
	case unix.SYS_OPEN:
		return at(here, regs.Rdi), regs.Rsi&writing != 0
	case unix.SYS_CREAT, unix.SYS_UNLINK, unix.SYS_RMDIR, unix.SYS_MKDIR, unix.SYS_TRUNCATE, unix.SYS_CHMOD:
		return at(here, regs.Rdi), true
	case unix.SYS_UNLINKAT, unix.SYS_MKDIRAT, unix.SYS_FCHMODAT:
		return at(regs.Rdi, regs.Rsi), true
	case unix.SYS_RENAME, unix.SYS_LINK:
		return at(here, regs.Rsi), true
	case unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_LINKAT:
		return at(regs.Rdx, regs.R10), true
	}
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, int32(regs.Rdi)))
	return path, err == nil && filepath.IsAbs(path)
}

// absolute returns the path of a name relative to the directory of a file descriptor.
func (t *tracer) absolute(pid int, directory int32, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	link := fmt.Sprintf("/proc/%d/cwd", pid)
	if directory != unix.AT_FDCWD {
		link = fmt.Sprintf("/proc/%d/fd/%d", pid, directory)
	}
	base, err := os.Readlink(link)
	if err != nil {
		return name
	}
	return filepath.Join(base, name)
}

// text reads a string of the process.
func text(pid int, address uint64) string {
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return ""
	}
	defer memory.Close()
	var all []byte
	for part := make([]byte, 256); len(all) < 1<<13; {
		n, err := memory.ReadAt(part, int64(address)+int64(len(all)))
		if end := bytes.IndexByte(part[:n], 0); end >= 0 {
			return string(append(all, part[:end]...))
		}
		if all = append(all, part[:n]...); n == 0 || err != nil {
			break
		}
	}
	return string(all)
}
