package figure

import (
	"bytes"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"io"
	"regexp"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// pngDPI is half as much again as a screen's 96 dots per inch: sharp on dense screens and in print, without doubling the files.
const pngDPI = 144

// Figure is a drawing that has a size and can be written in several formats.
type Figure struct {
	width, height vg.Length
	draw          func(c draw.Canvas)
}

// New makes a figure of that size from a function that draws it; the canvas comes with a white background. For drawings that this package has no function for.
func New(width, height vg.Length, draw func(c draw.Canvas)) Figure {
	return Figure{width, height, draw}
}

// Size is the figure's size in points, 1/72 inch.
func (f Figure) Size() (width, height vg.Length) { return f.width, f.height }

// SVG writes the figure as an SVG document. It names fonts, falling back on what every system has, and embeds none.
func (f Figure) SVG(w io.Writer) error {
	canvas := vgsvg.NewWith(vgsvg.UseWH(f.width, f.height))
	f.paint(canvas)
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return fmt.Errorf("can't draw the figure as SVG: %w", err)
	}
	text := svg.Bytes()
	for _, r := range [][2]string{
		// The metrics of all these families are those of Liberation Sans, or near.
		{"font-family:Liberation Sans;", "font-family:'Liberation Sans',Arimo,Helvetica,Arial,sans-serif;"},
		{"font-variant:normal;", ""},
		{"font-weight:normal;", ""},
		{"font-style:normal;", ""},
		{"data:image/jpg;", "data:image/png;"}, // which is what vgsvg writes there
		{"<image ", `<image style="image-rendering:pixelated" preserveAspectRatio="none" `},
	} {
		text = bytes.ReplaceAll(text, []byte(r[0]), []byte(r[1]))
	}
	if _, err := w.Write(written.ReplaceAllFunc(text, measured)); err != nil {
		return fmt.Errorf("can't write the figure: %w", err)
	}
	return nil
}

// written is a text as vgsvg writes it: its size, and what it says.
var written = regexp.MustCompile(`<text [^>]*font-size:([0-9.]+)px[^>]*>([^<]*)</text>\n?`)

// measured gives a text of an SVG the width that room was made for: a wider font than the one it names would run over what is beside it.
func measured(text []byte) []byte {
	m := written.FindSubmatch(text)
	if len(m[2]) == 0 {
		return nil
	}
	size, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		return text
	}
	width := sans(vg.Length(size)).Width(html.UnescapeString(string(m[2]))).Points()
	return bytes.Replace(text, []byte("<text "), fmt.Appendf(nil, `<text textLength="%.4g" lengthAdjust="spacingAndGlyphs" `, width), 1)
}

// PNG writes the figure as a PNG picture of 144 dots per inch.
func (f Figure) PNG(w io.Writer) error {
	canvas := vgimg.NewWith(vgimg.UseWH(f.width, f.height), vgimg.UseDPI(pngDPI))
	f.paint(canvas)
	var picture image.Image = canvas.Image()
	if rgba, ok := picture.(*image.RGBA); ok {
		picture = indexed(rgba)
	}
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if _, ok := picture.(*image.Paletted); ok { // little enough to compress well
		encoder.CompressionLevel = png.DefaultCompression
	}
	if err := encoder.Encode(w, picture); err != nil {
		return fmt.Errorf("can't write the figure: %w", err)
	}
	return nil
}

func (f Figure) paint(canvas vg.CanvasSizer) {
	c := draw.New(canvas)
	fillRectangle(c, c.Rectangle, color.White)
	f.draw(c)
}

// message is a figure that only says something: there is nothing to draw yet.
func message(text string) Figure {
	return Figure{320, 60, func(c draw.Canvas) {
		c.FillText(centred(sans(fontSize)), c.Center(), text)
	}}
}
