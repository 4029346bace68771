package fit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/internal/whole"
)

// A checkpoint is a safetensors file, so other programs can read it: the length of the header (8
// bytes, little endian), the header in JSON with type, shape and position of each array, then the
// arrays. The metadata holds the SHA-256 of the whole file, computed with zeros in the place of the
// checksum itself.

// Array is an array of a checkpoint, row by row. Exactly one of F32 and I64 is set (both empty: no
// numbers, float32).
type Array struct {
	Shape []int
	F32   []float32
	I64   []int64
}

// State is the complete state of a task: arrays (weights, momentum) and texts (settings, counters)
// by name.
type State struct {
	Arrays map[string]Array
	Meta   map[string]string
}

const (
	checksumKey = "essnas.sha256"
	metadataKey = "__metadata__"
)

var noChecksum = strings.Repeat("0", 2*sha256.Size)

// entry describes an array in a header.
type entry struct {
	Dtype   string    `json:"dtype"`
	Shape   []int     `json:"shape"`
	Offsets [2]uint64 `json:"data_offsets"`
}

// Save writes the state to path, completely or not at all. Equal states give equal bytes. Save
// returns an error if an array's shape does not fit its numbers or the file can't be written.
func (s State) Save(path string) error {
	raw, err := s.encode()
	if err != nil {
		return fmt.Errorf("checkpoint %s: %w", path, err)
	}
	return whole.WriteBytes(path, raw)
}

// LoadState reads the result of Save. It returns an error that names the file and its damage, or
// one that wraps fs.ErrNotExist if there is no file.
func LoadState(path string) (State, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return State{}, fmt.Errorf("there is no checkpoint %s: %w", path, err)
		}
		return State{}, whole.Explain(err, path)
	}
	s, err := decode(raw)
	if err != nil {
		return State{}, fmt.Errorf("checkpoint %s is damaged (%w)", path, err)
	}
	return s, nil
}

func (s State) encode() ([]byte, error) {
	// Eight-byte numbers come first, so that every array is aligned to its element size.
	names := slices.SortedFunc(maps.Keys(s.Arrays), func(a, b string) int {
		if wide := (s.Arrays[a].I64 != nil); wide != (s.Arrays[b].I64 != nil) {
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
		a := s.Arrays[name]
		size, err := product(a.Shape)
		if err != nil || name == metadataKey || a.F32 != nil && a.I64 != nil || len(a.F32)+len(a.I64) != size {
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
	meta := maps.Clone(s.Meta)
	if meta == nil {
		meta = map[string]string{}
	}
	meta[checksumKey] = noChecksum
	header[metadataKey] = meta
	text, err := json.Marshal(header) // maps in the order of their keys
	if err != nil {
		return nil, err
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	raw := make([]byte, 0, 8+len(text)+len(data))
	raw = binary.LittleEndian.AppendUint64(raw, uint64(len(text)))
	raw = append(append(raw, text...), data...)
	at, err := checksumPlace(raw[:8+len(text)])
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	hex.Encode(raw[at:], sum[:])
	return raw, nil
}

// checksumPlace returns the position of the checksum's digits.
func checksumPlace(header []byte) (int, error) {
	key := []byte(`"` + checksumKey + `":"`)
	at := bytes.Index(header, key)
	if at < 0 || bytes.Count(header, key) != 1 || at+len(key)+2*sha256.Size > len(header) {
		return 0, errors.New("it has no checksum")
	}
	return at + len(key), nil
}

func decode(raw []byte) (State, error) {
	if len(raw) < 8 {
		return State{}, fmt.Errorf("it has only %d bytes", len(raw))
	}
	length := binary.LittleEndian.Uint64(raw)
	if length > uint64(len(raw)-8) {
		return State{}, fmt.Errorf("its header of %d bytes does not fit into %d: it was cut short, or is no checkpoint", length, len(raw))
	}
	head, body := raw[8:8+length], raw[8+length:]
	var header map[string]json.RawMessage
	if err := json.Unmarshal(head, &header); err != nil {
		return State{}, fmt.Errorf("its header can't be read: %w", err)
	}
	s := State{Arrays: map[string]Array{}, Meta: map[string]string{}}
	if err := json.Unmarshal(header[metadataKey], &s.Meta); err != nil {
		return State{}, fmt.Errorf("its metadata can't be read: %w", err)
	}
	delete(header, metadataKey)
	at, err := checksumPlace(head)
	if err != nil {
		return State{}, err
	}
	blank := slices.Clone(raw[:8+length])
	copy(blank[8+at:], noChecksum)
	sum := sha256.New()
	sum.Write(blank)
	sum.Write(body)
	if hex.EncodeToString(sum.Sum(nil)) != s.Meta[checksumKey] {
		return State{}, errors.New("its checksum is wrong")
	}
	delete(s.Meta, checksumKey)
	for name, text := range header {
		a, err := decodeArray(text, body)
		if err != nil {
			return State{}, fmt.Errorf("array %q: %w", name, err)
		}
		s.Arrays[name] = a
	}
	return s, nil
}

func decodeArray(text []byte, body []byte) (Array, error) {
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

// product multiplies the dimensions of a shape, bounded so that the result fits any file.
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
