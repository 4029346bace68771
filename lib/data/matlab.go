package data

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Types of data elements and classes of arrays in a MATLAB file.
// Source: MathWorks, MAT-File Format (R2024b), tables 1-1 and 1-3.
const (
	matInt8       = 1
	matUint8      = 2
	matInt32      = 5
	matUint32     = 6
	matDouble     = 9
	matMatrix     = 14
	matCompressed = 15

	matHeader = 128 // bytes before the first element
	mostDims  = 8
)

var errMatlab = errors.New("is not a MATLAB file of version 5 with arrays of bytes")

// variable is a numeric array of a MATLAB file. data has its elements column by column, in the
// type of data elements kind.
type variable struct {
	dims []int
	kind uint32
	data []byte
}

// parseMatlab appends the images and labels of SVHN's MATLAB files to im. The array X has the
// dimensions rows, columns, channels, images; y has the digit of each image, and 10 for 0.
func (s spec) parseMatlab(im *Images, raw []byte, p part) error {
	variables, err := readMatlab(raw, p.limit(s))
	if err != nil {
		return err
	}
	x, y := variables["X"], variables["y"]
	if len(x.dims) != 4 || x.dims[0] != s.side || x.dims[1] != s.side || x.dims[2] != s.channels || x.kind != matUint8 {
		return fmt.Errorf("has no array X of bytes with the dimensions %d, %d, %d, images: it is not of %s", s.side, s.side, s.channels, s.title)
	}
	labels, err := y.bytes()
	if err != nil {
		return fmt.Errorf("has no array y of labels: %w", err)
	}
	for i, l := range labels {
		if l < 1 || int(l) > len(s.classes) {
			return fmt.Errorf("gives image %d the label %d, but %s has the labels 1 to %d: the file is damaged", i, l, s.title, len(s.classes))
		}
		labels[i] = 1 + l%byte(len(s.classes))
	}
	imagesErr, labelsErr := s.parseColumns(im, x.data, labels)
	return errors.Join(imagesErr, labelsErr)
}

// bytes returns the elements as bytes. MATLAB stores doubles in the smallest integer type that has
// them, other programs don't.
func (v variable) bytes() ([]byte, error) {
	switch v.kind {
	case matUint8:
		return bytes.Clone(v.data), nil
	case matDouble:
		values := make([]byte, len(v.data)/8)
		for i := range values {
			f := math.Float64frombits(binary.LittleEndian.Uint64(v.data[8*i:]))
			if f < 0 || f > 255 || f != math.Trunc(f) {
				return nil, fmt.Errorf("element %d is %g", i, f)
			}
			values[i] = byte(f)
		}
		return values, nil
	}
	return nil, errors.New("it is missing, or neither bytes nor doubles")
}

// readMatlab returns the arrays of a MATLAB file of version 5 by their names. The unpacked size of
// an array must not exceed limit, in bytes.
func readMatlab(raw []byte, limit int64) (map[string]variable, error) {
	if len(raw) < matHeader || raw[125] != 1 || string(raw[126:128]) != "IM" {
		return nil, errMatlab
	}
	variables := map[string]variable{}
	for rest := raw[matHeader:]; len(rest) > 0; {
		kind, body, after, err := element(rest)
		if err != nil {
			return nil, err
		}
		if rest = after; kind == matCompressed {
			if kind, body, err = inflate(body, limit); err != nil {
				return nil, err
			}
		}
		if kind != matMatrix {
			return nil, errMatlab
		}
		name, v, err := array(body)
		if err != nil {
			return nil, err
		}
		variables[name] = v
	}
	return variables, nil
}

// inflate returns the element in a compressed element.
func inflate(packed []byte, limit int64) (kind uint32, body []byte, err error) {
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return 0, nil, fmt.Errorf("can't be unpacked: %w", err)
	}
	body, err = io.ReadAll(io.LimitReader(z, limit+matHeader+1))
	switch {
	case err != nil:
		return 0, nil, fmt.Errorf("can't be unpacked: %w", err)
	case int64(len(body)) > limit+matHeader:
		return 0, nil, errors.New("has more images than the official file: it is another file")
	}
	kind, body, _, err = element(body)
	return kind, body, err
}

// element splits off the first data element. An element of at most 4 bytes may have its size in
// the upper half of its type. All others are padded to a multiple of 8 bytes, but for compressed
// ones.
func element(raw []byte) (kind uint32, body, rest []byte, err error) {
	if len(raw) < 8 {
		return 0, nil, nil, io.ErrUnexpectedEOF
	}
	kind = binary.LittleEndian.Uint32(raw)
	if size := kind >> 16; size != 0 {
		if size > 4 {
			return 0, nil, nil, errMatlab
		}
		return kind & 0xffff, raw[4 : 4+size], raw[8:], nil
	}
	size := int64(binary.LittleEndian.Uint32(raw[4:]))
	if size > int64(len(raw)-8) {
		return 0, nil, nil, errors.New("is cut short")
	}
	end := 8 + size
	if kind != matCompressed {
		end = min((end+7)/8*8, int64(len(raw)))
	}
	return kind, raw[8 : 8+size], raw[end:], nil
}

// array reads the elements of a matrix: flags, dimensions, name, values.
func array(body []byte) (name string, v variable, err error) {
	var parts [4][]byte
	var kinds [4]uint32
	for i := range parts {
		if kinds[i], parts[i], body, err = element(body); err != nil {
			return "", v, err
		}
	}
	if kinds[0] != matUint32 || kinds[1] != matInt32 || kinds[2] != matInt8 || len(parts[1])/4 > mostDims {
		return "", v, errMatlab
	}
	elements := int64(1)
	for d := parts[1]; len(d) >= 4; d = d[4:] {
		n := int64(binary.LittleEndian.Uint32(d))
		if elements *= n; n > math.MaxInt32 || elements > math.MaxInt32 {
			return "", v, errMatlab
		}
		v.dims = append(v.dims, int(n))
	}
	size := map[uint32]int64{matUint8: 1, matDouble: 8}[kinds[3]]
	if v.kind, v.data = kinds[3], parts[3]; size != 0 && elements*size != int64(len(v.data)) {
		return "", v, errors.New("has an array whose dimensions don't fit its size: the file is damaged")
	}
	return string(parts[2]), v, nil
}
