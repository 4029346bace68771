//go:build !unix

package memory

// Peak is the most that this process had in memory, in bytes; 0 where the system does not tell.
func Peak() int64 { return 0 }
