package corrupt

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
)

// jpegCompression encodes the image as JPEG and decodes it. The colour planes have half of the
// pixels along each axis.
func jpegCompression(x *field, severity int, _ source) *field {
	quality := [...]int{80, 65, 58, 50, 40}[severity]
	var from image.Image
	levels := x.bytes()
	area := image.Rect(0, 0, x.w, x.h)
	if x.c == 1 {
		from = &image.Gray{Pix: levels, Stride: x.w, Rect: area}
	} else {
		rgb := image.NewRGBA(area)
		for i := range x.h * x.w {
			rgb.SetRGBA(i%x.w, i/x.w, color.RGBA{levels[3*i], levels[3*i+1], levels[3*i+2], 255})
		}
		from = rgb
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, from, &jpeg.Options{Quality: quality})
	if err != nil { // a buffer does not fail, so the sides exceed JPEG's limit
		panic(fmt.Sprintf("corrupt: %dx%d pixels are no JPEG: %v", x.h, x.w, err))
	}
	read, err := jpeg.Decode(&b)
	if err != nil {
		panic(fmt.Sprintf("corrupt: the encoder's JPEG can't be read: %v", err))
	}
	y := newField(x.h, x.w, x.c)
	switch read := read.(type) {
	case *image.Gray:
		for i := range y.v {
			y.v[i] = float64(read.GrayAt(i%x.w, i/x.w).Y) / 255
		}
	case *image.YCbCr:
		blue, red := upsampled(read.Cb, read.CStride, x.h, x.w), upsampled(read.Cr, read.CStride, x.h, x.w)
		for i := range x.h * x.w {
			r, g, b := color.YCbCrToRGB(read.Y[read.YOffset(i%x.w, i/x.w)], blue[i], red[i])
			y.v[3*i], y.v[3*i+1], y.v[3*i+2] = float64(r)/255, float64(g)/255, float64(b)/255
		}
	}
	return y
}

// upsampled doubles a plane of colour along both axes. As in libjpeg, each pixel takes three
// quarters of the nearer one and a quarter of the farther one along each axis; Go's own reader
// repeats pixels.
func upsampled(plane []uint8, stride, h, w int) []uint8 {
	rows, columns := (h+1)/2, (w+1)/2
	all := make([]uint8, h*w)
	for i := range h {
		near, far := i/2, nearest(i/2+2*(i%2)-1, rows)
		for j := range w {
			left, beside := j/2, nearest(j/2+2*(j%2)-1, columns)
			column := func(k int) int { return 3*int(plane[near*stride+k]) + int(plane[far*stride+k]) }
			all[i*w+j] = uint8((3*column(left) + column(beside) + 8 - j%2) / 16)
		}
	}
	return all
}
