package picture

import (
	"bytes"
	"encoding/binary"
	"image"
)

// Orientation returns the EXIF orientation of a JPEG, PNG or WebP file, 1 to 8 (EXIF 2.32, tag
// 0x0112). It returns 1, upright, for a file without a valid orientation.
func Orientation(raw []byte) int {
	switch {
	case bytes.HasPrefix(raw, []byte{0xff, 0xd8}):
		return ofTIFF(inJPEG(raw))
	case bytes.HasPrefix(raw, []byte("\x89PNG\r\n\x1a\n")):
		return ofTIFF(inChunks(raw[8:], "eXIf", func(chunk []byte) (name string, size, header, end int) {
			return string(chunk[4:8]), int(binary.BigEndian.Uint32(chunk)), 8, 4
		}))
	case len(raw) > 12 && string(raw[:4]) == "RIFF" && string(raw[8:12]) == "WEBP":
		return ofTIFF(bytes.TrimPrefix(inChunks(raw[12:], "EXIF", func(chunk []byte) (name string, size, header, end int) {
			size = int(binary.LittleEndian.Uint32(chunk[4:]))
			return string(chunk[:4]), size, 8, size % 2
		}), exif))
	}
	return 1
}

var exif = []byte("Exif\x00\x00")

// inJPEG returns the TIFF structure in the first APP1 segment that has one.
func inJPEG(raw []byte) []byte {
	for at := 2; at+4 <= len(raw) && raw[at] == 0xff; {
		marker, size := raw[at+1], int(binary.BigEndian.Uint16(raw[at+2:]))
		if marker == 0xff { // a fill byte
			at++
			continue
		}
		end := at + 2 + size
		if marker == 0xda || size < 2 || end > len(raw) {
			return nil
		}
		if body := raw[at+4 : end]; marker == 0xe1 && bytes.HasPrefix(body, exif) {
			return body[len(exif):]
		}
		at = end
	}
	return nil
}

// inChunks returns the content of the first chunk of a name. head reads a chunk's name, size, and
// the bytes before and behind its content.
func inChunks(raw []byte, want string, head func(chunk []byte) (name string, size, header, end int)) []byte {
	for len(raw) >= 8 {
		name, size, header, end := head(raw)
		if size < 0 || size > len(raw)-header {
			return nil
		}
		if name == want {
			return raw[header : header+size]
		}
		raw = raw[min(len(raw), header+size+end):]
	}
	return nil
}

// ofTIFF reads the orientation from the first directory of a TIFF structure.
func ofTIFF(t []byte) int {
	if len(t) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(t[:2]) == "MM" {
		order = binary.BigEndian
	} else if string(t[:2]) != "II" {
		return 1
	}
	at := uint64(order.Uint32(t[4:]))
	if at+2 > uint64(len(t)) {
		return 1
	}
	n := uint64(order.Uint16(t[at:]))
	for i := range n {
		entry := at + 2 + 12*i
		if entry+12 > uint64(len(t)) {
			return 1
		}
		const tag, short = 0x0112, 3
		if order.Uint16(t[entry:]) == tag && order.Uint16(t[entry+2:]) == short {
			if o := int(order.Uint16(t[entry+8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
	}
	return 1
}

// upright turns a picture as its orientation says.
func upright(im image.Image, orientation int) image.Image {
	if orientation == 1 {
		return im
	}
	b := im.Bounds()
	w, h := b.Dx(), b.Dy()
	if orientation > 4 {
		w, h = h, w
	}
	to := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			u, v := stored(x, y, b.Dx(), b.Dy(), orientation)
			to.Set(x, y, im.At(b.Min.X+u, b.Min.Y+v))
		}
	}
	return to
}

// stored returns the position in the file, of width w and height h, of the pixel that appears at x,
// y.
func stored(x, y, w, h, orientation int) (u, v int) {
	switch orientation {
	case 2: // mirrored
		return w - 1 - x, y
	case 3: // turned by 180 degrees
		return w - 1 - x, h - 1 - y
	case 4: // upside down
		return x, h - 1 - y
	case 5: // transposed
		return y, x
	case 6: // to be turned by 90 degrees clockwise
		return y, h - 1 - x
	case 7: // transposed along the other diagonal
		return w - 1 - y, h - 1 - x
	case 8: // to be turned by 90 degrees anticlockwise
		return w - 1 - y, x
	}
	return x, y
}
