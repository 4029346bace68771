// Package safetensors encodes and decodes the file format of that name: the length of a header (8
// bytes, little endian), the header in JSON with the type, shape and place of each array, and the
// arrays. Checkpoints, exports and golden files use it.
//
// The package covers the types F32 and I64, which are all that this repository writes. Encode is
// deterministic: equal arrays and texts give equal bytes. Arrays of eight-byte numbers come first,
// so each array lies at a multiple of its own size.
//
// A published Go module for the format (github.com/nlpodyssey/safetensors) was considered. It
// orders the header in another way, so checkpoints would get other bytes, and it has had no
// release.
package safetensors

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Array is an array, row by row. At most one of F32 and I64 is set; if both are empty the array has
// no numbers and its type is F32.
type Array struct {
	Shape []int
	F32   []float32
	I64   []int64
}

// metadata is the header's entry for texts.
const metadata = "__metadata__"

// entry describes an array in a header.
type entry struct {
	Dtype   string    `json:"dtype"`
	Shape   []int     `json:"shape"`
	Offsets [2]uint64 `json:"data_offsets"`
}

// Encode returns a file with these arrays and texts by name. It returns an error for an array whose
// numbers do not fill its shape, or whose name is that of the metadata.
func Encode(arrays map[string]Array, texts map[string]string) ([]byte, error) {
	names := slices.SortedFunc(maps.Keys(arrays), func(a, b string) int {
		if wide := arrays[a].I64 != nil; wide != (arrays[b].I64 != nil) {
			if wide {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	header := map[string]any{}
	var data []byte
	for _, name := range names {
		a := arrays[name]
		size, err := product(a.Shape)
		if err != nil || name == metadata || a.F32 != nil && a.I64 != nil || len(a.F32)+len(a.I64) != size {
			return nil, fmt.Errorf("array %q of shape %v has %d float32 and %d int64", name, a.Shape, len(a.F32), len(a.I64))
		}
		e := entry{Dtype: "F32", Shape: a.Shape, Offsets: [2]uint64{uint64(len(data))}}
		if e.Shape == nil {
			e.Shape = []int{}
		}
		if a.I64 != nil {
			e.Dtype = "I64"
			for _, x := range a.I64 {
				data = binary.LittleEndian.AppendUint64(data, uint64(x))
			}
		}
		data = slices.Grow(data, 4*len(a.F32))
		for _, x := range a.F32 {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
		}
		e.Offsets[1] = uint64(len(data))
		header[name] = e
	}
	if len(texts) > 0 {
		header[metadata] = texts
	}
	text, err := json.Marshal(header) // maps are in the order of their keys
	if err != nil {
		return nil, err
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	raw := make([]byte, 0, 8+len(text)+len(data))
	raw = binary.LittleEndian.AppendUint64(raw, uint64(len(text)))
	return append(append(raw, text...), data...), nil
}

// Header returns the part of a file before its arrays: the length and the JSON. It returns an error
// if the file is too short for them.
func Header(raw []byte) ([]byte, error) {
	if len(raw) < 8 {
		return nil, fmt.Errorf("it has only %d bytes", len(raw))
	}
	length := binary.LittleEndian.Uint64(raw)
	if length > uint64(len(raw)-8) {
		return nil, fmt.Errorf("its header of %d bytes does not fit into %d: it was cut short, or is no checkpoint", length, len(raw))
	}
	return raw[: 8+length : 8+length], nil
}

// File is a file whose header was read.
type File struct {
	Texts   map[string]string
	entries map[string]json.RawMessage
	body    []byte
}

// Open reads the header of a file. It returns an error if the header is damaged.
func Open(raw []byte) (*File, error) {
	head, err := Header(raw)
	if err != nil {
		return nil, err
	}
	f := &File{Texts: map[string]string{}, body: raw[len(head):]}
	if err := json.Unmarshal(head[8:], &f.entries); err != nil {
		return nil, fmt.Errorf("its header can't be read: %w", err)
	}
	if texts, ok := f.entries[metadata]; ok {
		if err := json.Unmarshal(texts, &f.Texts); err != nil {
			return nil, fmt.Errorf("its metadata can't be read: %w", err)
		}
		delete(f.entries, metadata)
	}
	return f, nil
}

// Arrays decodes all arrays. It returns an error if an array has another type than F32 and I64, or
// does not fit into the file.
func (f *File) Arrays() (map[string]Array, error) {
	arrays := make(map[string]Array, len(f.entries))
	room := len(f.body)
	for name, text := range f.entries {
		a, err := decode(text, f.body)
		if err != nil {
			return nil, fmt.Errorf("array %q: %w", name, err)
		}
		if room -= 4*len(a.F32) + 8*len(a.I64); room < 0 { // a small file must not take much memory
			return nil, fmt.Errorf("array %q overlaps another one", name)
		}
		arrays[name] = a
	}
	return arrays, nil
}

func decode(text, body []byte) (Array, error) {
	var e entry
	if err := json.Unmarshal(text, &e); err != nil {
		return Array{}, err
	}
	size, err := product(e.Shape)
	if err != nil {
		return Array{}, err
	}
	width := map[string]int{"F32": 4, "I64": 8}[e.Dtype]
	from, to := e.Offsets[0], e.Offsets[1]
	if width == 0 || from > to || to > uint64(len(body)) || to-from != uint64(width*size) {
		return Array{}, fmt.Errorf("%s %v does not fit into bytes %d to %d of %d", e.Dtype, e.Shape, from, to, len(body))
	}
	data := body[from:to]
	a := Array{Shape: e.Shape}
	if e.Dtype == "I64" {
		a.I64 = make([]int64, size)
		for i := range a.I64 {
			a.I64[i] = int64(binary.LittleEndian.Uint64(data[8*i:]))
		}
		return a, nil
	}
	a.F32 = make([]float32, size)
	for i := range a.F32 {
		a.F32[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return a, nil
}

// Decode reads a whole file: its arrays and its texts. It returns the errors of Open and Arrays.
func Decode(raw []byte) (map[string]Array, map[string]string, error) {
	f, err := Open(raw)
	if err != nil {
		return nil, nil, err
	}
	arrays, err := f.Arrays()
	return arrays, f.Texts, err
}

// product multiplies the dimensions of a shape. It returns an error where no file can hold it.
func product(shape []int) (int, error) {
	size := 1
	for _, d := range shape {
		if d < 0 || d > math.MaxInt32 || d > 0 && size > math.MaxInt32/d {
			return 0, fmt.Errorf("shape %v is out of bounds", shape)
		}
		size *= d
	}
	return size, nil
}
