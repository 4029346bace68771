package pjrt

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// captured is a program that was about to be compiled.
type captured []byte

// capturing is set while Program runs: no program is compiled then.
var capturing atomic.Bool

// Program returns the StableHLO text of the program that compile asks a plugin to compile, as the
// plugin would get it. The program itself is not compiled, and compile does not return. Nothing
// else may use the process's plugins in the meantime. Program returns an error if compile compiles
// nothing or panics.
func Program(compile func()) (text []byte, err error) {
	if !capturing.CompareAndSwap(false, true) {
		return nil, errors.New("another program is being captured: try again")
	}
	defer capturing.Store(false)
	defer func() {
		switch r := recover().(type) {
		case nil:
		case captured:
			text, err = r, nil
		default:
			err = fmt.Errorf("%v", r)
		}
	}()
	compile()
	return nil, errors.New("nothing was compiled, so there is no program")
}
