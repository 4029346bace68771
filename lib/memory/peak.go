package memory

import "syscall"

// Peak returns the peak memory of this process in bytes, or 0 if the system does not tell it.
func Peak() int64 {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return int64(r.Maxrss) << 10
}
