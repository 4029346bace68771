// Package pytorch holds the networks of this project in PyTorch, written from the papers: the
// golden files' and the benchmark's other side.
package pytorch

import "embed"

// Files are the Python modules ops, supernet, network and barlow, to be put into one directory.
//
//go:embed *.py
var Files embed.FS
