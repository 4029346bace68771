package bench

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// onCores lets start begin a process on the first n of this process's cores, or on all if n is 0.
// It returns an error if this process has fewer cores, and the error of start.
func onCores(n int, start func() error) error {
	if n == 0 {
		return start()
	}
	runtime.LockOSThread() // a process inherits the cores of the thread that starts it
	defer runtime.UnlockOSThread()
	var all, some unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return err
	}
	if n > all.Count() {
		return fmt.Errorf("%d cores: there are %d", n, all.Count())
	}
	for i := 0; some.Count() < n; i++ {
		if all.IsSet(i) {
			some.Set(i)
		}
	}
	if err := unix.SchedSetaffinity(0, &some); err != nil {
		return err
	}
	defer unix.SchedSetaffinity(0, &all)
	return start()
}
