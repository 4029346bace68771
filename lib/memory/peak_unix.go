//go:build unix

package memory

import (
	"runtime"
	"syscall"
)

// Peak returns the peak memory of this process in bytes, or 0 if the system does not report it.
func Peak() int64 {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(r.Maxrss)
	}
	return int64(r.Maxrss) << 10
}
