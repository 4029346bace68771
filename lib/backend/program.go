package backend

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// captured is a program that was about to be compiled.
type captured []byte

// capturing is set while Program runs: no program is compiled then.
var capturing atomic.Pointer[Backend]

// Program returns the StableHLO text of the program that compile asks this backend to compile, as
// the plugin would get it. The program itself is not compiled, and compile does not return. Nothing
// else may use the process's backends in the meantime.
//
// Program returns an error for the backend in pure Go, which has no StableHLO, and for a function
// that compiles nothing.
func (b *Backend) Program(compile func()) (text []byte, err error) {
	if b.hook == nil {
		return nil, fmt.Errorf("%s has no StableHLO: choose a backend of XLA, as with --backend cpu", b)
	}
	if !capturing.CompareAndSwap(nil, b) {
		return nil, errors.New("another program is being captured: try again")
	}
	defer capturing.Store(nil)
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
