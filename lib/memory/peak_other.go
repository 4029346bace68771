//go:build !unix

package memory

// Peak returns the peak memory of this process in bytes, or 0 if the system does not report it.
func Peak() int64 { return 0 }
