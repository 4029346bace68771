// Package faults runs a program that is killed at one of its file-changing system calls, or whose
// call fails, for tests of what kills and full disks leave behind.
//
//	whole, err := faults.Run(command, faults.Fault{})      // which calls are there?
//	for at := range whole.Calls {
//		faults.Run(command, faults.Fault{At: at + 1})                    // killed before the call
//		faults.Run(command, faults.Fault{At: at + 1, Errno: unix.ENOSPC}) // the call fails
//	}
//
// Calls are counted over all threads in the order in which the kernel sees them, as far as they
// change files below one directory: opening to write, writing, truncating, renaming, removing,
// making directories, syncing, changing modes.
//
// The program runs under ptrace with a seccomp filter, so that it stops at those calls only and is
// nearly as fast as alone. A test's TestMain calls [Main] first: the filter is installed by the
// test binary itself, between fork and exec. Linux on amd64 only.
package faults
