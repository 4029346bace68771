//go:build !linux

package backend

// Retune does nothing: there is no glibc here.
func Retune() {}

func retune([]string) ([]string, bool) { return nil, false }
