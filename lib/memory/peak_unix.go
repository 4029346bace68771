//go:build unix

package memory

import (
	"runtime"
	"syscall"
)

// Peak is the most that this process had in memory, in bytes; 0 where the system does not tell.
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
