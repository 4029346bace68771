package pjrt

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"strconv"
)

// key names an executable: a hash of everything that determines it.
type key [sha256.Size]byte

// String returns the key in hexadecimal.
func (k key) String() string { return hex.EncodeToString(k[:]) }

// keyOf hashes the plugin's salt, its topology, the options of a compilation, and the format and
// text of the program.
func keyOf(salt string, topology, options, format, program []byte) key {
	h := sha256.New()
	part := func(b []byte) {
		binary.Write(h, binary.LittleEndian, uint64(len(b)))
		h.Write(b)
	}
	part([]byte(salt))
	part(topology)
	part(options)
	part(format)
	if bytes.HasPrefix(program, []byte("ML\xefR")) { // MLIR in binary form
		h.Write(program)
	} else {
		canonical(h, program)
	}
	return key(h.Sum(nil))
}

// canonical writes the text of a StableHLO program without irrelevant details that differ between
// processes: the name of the module, and the names of values (GoMLX puts random numbers into some).
// Values are numbered in the order of their appearance. Equal canonical forms mean equal programs:
// strings are kept, and new names can't collide with kept ones, which are the names that are
// numbers already.
func canonical(w io.Writer, text []byte) {
	if rest, ok := bytes.CutPrefix(text, []byte("module @")); ok {
		text = rest[nameLength(rest):]
	}
	names := map[string]int{}
	for len(text) > 0 {
		i := bytes.IndexAny(text, `%"`)
		if i < 0 {
			break
		}
		if text[i] == '"' {
			i += stringLength(text[i:])
			w.Write(text[:i])
			text = text[i:]
			continue
		}
		w.Write(text[:i+1])
		text = text[i+1:]
		n := nameLength(text)
		if n == 0 || text[0] >= '0' && text[0] <= '9' {
			continue
		}
		number, ok := names[string(text[:n])]
		if !ok {
			number = len(names)
			names[string(text[:n])] = number
		}
		io.WriteString(w, "$"+strconv.Itoa(number))
		text = text[n:]
	}
	w.Write(text)
}

// nameLength returns the number of bytes of an MLIR name at the start of the text.
func nameLength(text []byte) int {
	for i, c := range text {
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c == '.' || c == '-') {
			return i
		}
	}
	return len(text)
}

// stringLength returns the number of bytes of a string at the start of the text, with its quotes.
func stringLength(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}
