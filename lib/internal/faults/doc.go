// Package faults runs a program and kills it at one of its system calls that change files, or lets
// this call fail. Tests use it to check the files after a kill or on a full disk.
//
//	whole, err := faults.Run(command, faults.Fault{})      // lists the calls
//	for at := range whole.Calls {
//		faults.Run(command, faults.Fault{At: at + 1})                    // killed before the call
//		faults.Run(command, faults.Fault{At: at + 1, Errno: unix.ENOSPC}) // the call fails
//	}
//
// The package counts the calls of all threads that change files below one directory, in the
// kernel's order: opening to write, writing, truncating, renaming, removing, making directories,
// syncing, changing modes.
//
// The program runs under ptrace with a seccomp filter. It stops at these calls only, so it is
// nearly as fast as without ptrace. A test's TestMain calls [Main] first, because the test binary
// installs the filter between fork and exec. The package works on Linux on amd64 only.
package faults
