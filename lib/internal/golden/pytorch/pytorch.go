// Package pytorch holds the networks of this project in PyTorch, written from the papers. The
// golden files and the benchmark use them as the reference.
package pytorch

import "embed"

// Files holds the Python modules ops, supernet, network and barlow, which belong into one
// directory.
//
//go:embed *.py
var Files embed.FS
