//go:build !(linux && amd64)

package faults

// Main does nothing: there are no faults on this system.
func Main() {}
