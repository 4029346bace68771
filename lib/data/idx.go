package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// parseIDX reads an IDX file of bytes: the magic number 0x0800 + axes, the sizes of the axes
// (big-endian), the values. The first axis may have any size, the others have the sizes inner.
func parseIDX(raw []byte, inner ...int) (n int, values []byte, err error) {
	header := 4 * (2 + len(inner))
	if len(raw) < header {
		return 0, nil, fmt.Errorf("has %d bytes, less than the header's %d: it is cut short", len(raw), header)
	}
	if magic, want := binary.BigEndian.Uint32(raw), uint32(0x801+len(inner)); magic != want {
		return 0, nil, fmt.Errorf("begins with the magic number 0x%08x instead of 0x%08x: it is another kind of file", magic, want)
	}
	count := binary.BigEndian.Uint32(raw[4:])
	size := int64(count)
	for i, want := range inner {
		got := binary.BigEndian.Uint32(raw[8+4*i:])
		if int64(got) != int64(want) {
			return 0, nil, fmt.Errorf("has images with a side of %d pixels, where %d are expected: it is another data set", got, want)
		}
		size *= int64(want)
	}
	values = raw[header:]
	switch {
	case count == 0:
		return 0, nil, errors.New("has no entries")
	case int64(len(values)) < size:
		return 0, nil, fmt.Errorf("announces %d entries, but has only %d of their %d bytes: it is cut short", count, len(values), size)
	case int64(len(values)) > size:
		return 0, nil, fmt.Errorf("announces %d entries and has %d bytes too many: it is damaged", count, int64(len(values))-size)
	}
	return int(count), values, nil
}

// parsePair appends the images and labels of two IDX files to im.
func (s spec) parsePair(im *Images, images, labels []byte) (imagesErr, labelsErr error) {
	n, pixels, err := parseIDX(images, s.side, s.side)
	if err != nil {
		return err, nil
	}
	m, marks, err := parseIDX(labels)
	if err != nil {
		return nil, err
	}
	if n != m {
		return nil, fmt.Errorf("has %d labels for %d images: one of the two files is not of this data set", m, n)
	}
	for i, l := range marks {
		if int(l) >= len(s.classes) {
			return nil, fmt.Errorf("gives image %d the label %d, but %s has %d classes: the file is damaged", i, l, s.title, len(s.classes))
		}
	}
	im.Pixels = append(im.Pixels, pixels...)
	im.Labels = append(im.Labels, marks...)
	im.N += n
	return nil, nil
}

// gunzip unpacks gzipped bytes and returns other bytes unchanged. It unpacks no more than limit
// bytes.
func gunzip(raw []byte, limit int64) ([]byte, error) {
	if !bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		return raw, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, errors.New("is not a whole gzip file: its header is damaged")
	}
	out, err := io.ReadAll(io.LimitReader(z, limit+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("is cut short: its gzip data end too early")
	case err != nil:
		return nil, fmt.Errorf("is damaged: %w", err)
	case int64(len(out)) > limit:
		return nil, fmt.Errorf("unpacks to more than %d bytes: it is not an official file", limit)
	}
	return out, nil
}
