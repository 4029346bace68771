package main

import (
	"errors"
	"math"

	"github.com/dustin/go-humanize"
)

// size is a flag for a number of bytes with a unit: 4GB, 500 MiB.
type size int64

func (s *size) String() string {
	if *s == 0 {
		return ""
	}
	return humanize.Bytes(uint64(*s))
}

func (s *size) Type() string { return "size" }

func (s *size) Set(text string) error {
	n, err := humanize.ParseBytes(text)
	if err == nil && (n == 0 || n > math.MaxInt64) {
		err = errors.New("it is not a size of memory")
	}
	*s = size(n)
	return err
}
