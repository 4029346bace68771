//go:build !(linux && amd64)

package faults

// Main does nothing, because this system has no faults.
func Main() {}
