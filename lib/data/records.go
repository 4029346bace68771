package data

import "fmt"

// parseRecords reads CIFAR's binary version: for each image the coarse label (CIFAR-100 only), the
// label, and side x side bytes of red, of green and of blue. It appends the images to im,
// interleaved.
func (s spec) parseRecords(im *Images, raw []byte, p part) error {
	header, pixels := 1, s.side*s.side
	if s.coarse > 0 {
		header = 2
	}
	record := header + s.channels*pixels
	n := len(raw) / record
	switch {
	case n == 0 || n*record != len(raw):
		return fmt.Errorf("has %d bytes, which is not a whole number of records of %d bytes: it is cut short or not %s's binary version", len(raw), record, s.title)
	case n > p.official:
		return fmt.Errorf("has %d images, more than the official file's %d: it is not %s's binary version", n, p.official, s.title)
	}
	for i := range n {
		r := raw[i*record : (i+1)*record]
		if s.coarse > 0 && int(r[0]) >= s.coarse {
			return fmt.Errorf("gives image %d the coarse label %d, but there are %d coarse classes: the file is damaged", i, r[0], s.coarse)
		}
		label := r[header-1]
		if int(label) >= len(s.classes) {
			return fmt.Errorf("gives image %d the label %d, but %s has %d classes: the file is damaged", i, label, s.title, len(s.classes))
		}
		im.Labels = append(im.Labels, label)
		red, green, blue := r[header:header+pixels], r[header+pixels:header+2*pixels], r[header+2*pixels:]
		for k := range red {
			im.Pixels = append(im.Pixels, red[k], green[k], blue[k])
		}
	}
	im.N += n
	return nil
}
