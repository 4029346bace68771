//go:build !linux

package backend

// Retune does nothing on systems without glibc.
func Retune() {}

func retune([]string) ([]string, bool) { return nil, false }
