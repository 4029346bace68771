package data

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// batch is a file of CIFAR's Python version.
type batch struct {
	pixels       []byte // [n, 3*32*32]: red, green and blue of each image
	width        int    // 3*32*32
	labels, more []int  // of CIFAR-100: fine and coarse
}

// pickled is a value of a pickle: nil, bool, int, string, *[]any, map[string]any, []any (a tuple),
// name, or *ndarray.
type pickled any

// global is the name of a module's global. Other names are unknown.
type global string

var globals = map[global]bool{"numpy.core.multiarray _reconstruct": true, "numpy ndarray": true, "numpy dtype": true}

// ndarray is an array of bytes in the making.
type ndarray struct {
	dims []int
	data []byte
}

// errPickle is the error for every deviation from the layout.
var errPickle = errors.New("is not a batch of CIFAR's Python version as its authors wrote it: use the binary version, which \"essnas data fetch\" gets")

// unpickler reads the pickles in which CIFAR's authors wrote their batches: protocol 2,
// dictionaries of lists, texts and arrays of bytes. A pickle is a program; this reader knows no
// more of its language than these files use, and calls nothing: the three names of numpy in them
// only mark an array.
type unpickler struct {
	raw   []byte
	at    int
	stack []pickled
	marks []int
	memo  map[uint32]pickled
	items int // values made so far
}

// maxItems bounds the values of a pickle: CIFAR's have some 20,000.
const maxItems = 1 << 20

// parseBatch reads a batch. It returns errPickle for any other file.
func parseBatch(raw []byte) (b batch, err error) {
	u := &unpickler{raw: raw, memo: map[uint32]pickled{}}
	defer func() {
		if r := recover(); r != nil {
			if _, bad := r.(badPickle); !bad {
				panic(r)
			}
			b, err = batch{}, errPickle
		}
	}()
	top, ok := u.run().(map[string]any)
	if !ok {
		return b, errPickle
	}
	array, ok := top["data"].(*ndarray)
	if !ok || len(array.dims) != 2 {
		return b, errPickle
	}
	b.pixels, b.width = array.data, array.dims[1]
	for key, to := range map[string]*[]int{"labels": &b.labels, "fine_labels": &b.labels, "coarse_labels": &b.more} {
		if list, ok := top[key].(*[]any); ok {
			for _, x := range *list {
				n, ok := x.(int)
				if !ok {
					return b, errPickle
				}
				*to = append(*to, n)
			}
		}
	}
	return b, nil
}

// records returns a batch as records of the binary version.
func (s spec) records(b batch) ([]byte, error) {
	n := len(b.labels)
	if b.width != s.channels*s.side*s.side || n == 0 || len(b.pixels) != n*b.width || s.coarse > 0 && len(b.more) != n {
		return nil, errPickle
	}
	out := make([]byte, 0, n*(2+b.width))
	for i, label := range b.labels {
		if label < 0 || label > 255 || s.coarse > 0 && (b.more[i] < 0 || b.more[i] > 255) {
			return nil, fmt.Errorf("gives image %d the label %d: the file is damaged", i, label)
		}
		if s.coarse > 0 {
			out = append(out, byte(b.more[i]))
		}
		out = append(append(out, byte(label)), b.pixels[i*b.width:][:b.width]...)
	}
	return out, nil
}

// badPickle ends the reader.
type badPickle struct{}

func (u *unpickler) need(ok bool) {
	if !ok {
		panic(badPickle{})
	}
}

func (u *unpickler) take(n int) []byte {
	u.need(n >= 0 && n <= len(u.raw)-u.at)
	u.at += n
	return u.raw[u.at-n : u.at]
}

func (u *unpickler) size() int { return int(int32(binary.LittleEndian.Uint32(u.take(4)))) }

func (u *unpickler) push(x pickled) {
	u.items++
	u.need(u.items <= maxItems)
	u.stack = append(u.stack, x)
}

func (u *unpickler) pop() pickled {
	floor := 0
	if len(u.marks) > 0 {
		floor = u.marks[len(u.marks)-1]
	}
	u.need(len(u.stack) > floor)
	x := u.stack[len(u.stack)-1]
	u.stack = u.stack[:len(u.stack)-1]
	return x
}

// marked takes the values above the last mark.
func (u *unpickler) marked() []any {
	u.need(len(u.marks) > 0)
	at := u.marks[len(u.marks)-1]
	u.marks = u.marks[:len(u.marks)-1]
	above := make([]any, len(u.stack)-at)
	for i, x := range u.stack[at:] {
		above[i] = x
	}
	u.stack = u.stack[:at]
	return above
}

func (u *unpickler) tuple(n int) {
	t := make([]any, n)
	for i := n - 1; i >= 0; i-- {
		t[i] = u.pop()
	}
	u.push(t)
}

func (u *unpickler) line() string {
	for i, c := range u.raw[u.at:] {
		if c == '\n' {
			text := string(u.take(i))
			u.take(1)
			return text
		}
	}
	panic(badPickle{})
}

// run reads the program to its end and returns its value.
func (u *unpickler) run() pickled {
	u.need(string(u.take(2)) == "\x80\x02")
	for {
		switch op := u.take(1)[0]; op {
		case '.':
			x := u.pop()
			u.need(len(u.stack) == 0 && u.at == len(u.raw))
			return x
		case '}':
			u.push(map[string]any{})
		case ']':
			u.push(&[]any{})
		case ')':
			u.push([]any{})
		case '(':
			u.marks = append(u.marks, len(u.stack))
			u.need(len(u.marks) < 100)
		case 'q', 'h':
			u.remember(op == 'q', uint32(u.take(1)[0]))
		case 'r', 'j':
			u.remember(op == 'r', binary.LittleEndian.Uint32(u.take(4)))
		case 'U':
			u.push(string(u.take(int(u.take(1)[0]))))
		case 'T', 'X':
			u.push(string(u.take(u.size())))
		case 'K':
			u.push(int(u.take(1)[0]))
		case 'M':
			u.push(int(binary.LittleEndian.Uint16(u.take(2))))
		case 'J':
			u.push(u.size())
		case 'N':
			u.push(nil)
		case 0x88, 0x89:
			u.push(op == 0x88)
		case 'c':
			g := global(u.line() + " " + u.line())
			u.need(globals[g])
			u.push(g)
		case 0x85, 0x86, 0x87:
			u.tuple(int(op) - 0x84)
		case 't':
			u.push(u.marked())
		case 'a':
			x := u.pop()
			u.extend(x)
		case 'e':
			u.extend(u.marked()...)
		case 's':
			value, key := u.pop(), u.pop()
			u.set(key, value)
		case 'u':
			all := u.marked()
			u.need(len(all)%2 == 0)
			for i := 0; i < len(all); i += 2 {
				u.set(all[i], all[i+1])
			}
		case 'R':
			u.reduce()
		case 'b':
			u.build()
		default:
			panic(badPickle{})
		}
	}
}

// remember keeps the last value under a number, or gets it.
func (u *unpickler) remember(put bool, i uint32) {
	if put {
		x := u.pop()
		u.stack = append(u.stack, x)
		u.memo[i] = x
		return
	}
	x, ok := u.memo[i]
	u.need(ok)
	u.push(x)
}

func (u *unpickler) extend(xs ...any) {
	list, ok := u.pop().(*[]any)
	u.need(ok)
	*list = append(*list, xs...)
	u.push(list)
}

func (u *unpickler) set(key, value any) {
	m, ok := u.pop().(map[string]any)
	k, isText := key.(string)
	u.need(ok && isText)
	m[k] = value
	u.push(m)
}

// reduce is the call of one of numpy's names: an array, or its type, which must be bytes.
func (u *unpickler) reduce() {
	arguments, ok := u.pop().([]any)
	u.need(ok)
	name, ok := u.pop().(global)
	u.need(ok)
	switch name {
	case "numpy.core.multiarray _reconstruct":
		u.push(&ndarray{})
	case "numpy dtype":
		u.need(len(arguments) > 0 && arguments[0] == "u1")
		u.push(name)
	default:
		panic(badPickle{})
	}
}

// build is the state of an array: (version, dims, type, in Fortran's order, data). That of a type
// is not needed.
func (u *unpickler) build() {
	state, ok := u.pop().([]any)
	u.need(ok)
	of := u.pop()
	if a, isArray := of.(*ndarray); isArray {
		u.need(len(state) == 5 && state[2] == global("numpy dtype") && state[3] == false)
		dims, ok := state[1].([]any)
		u.need(ok)
		size := 1
		for _, d := range dims {
			n, ok := d.(int)
			u.need(ok && n > 0 && n <= len(u.raw))
			a.dims = append(a.dims, n)
			size *= n
			u.need(size <= len(u.raw))
		}
		data, ok := state[4].(string)
		u.need(ok && len(data) == size)
		a.data = []byte(data)
	} else {
		u.need(of == global("numpy dtype"))
	}
	u.push(of)
}
