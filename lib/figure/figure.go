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

// pngDPI is 1.5 times the 96 dots per inch of a screen: sharp on dense screens and in print, at
// less than twice the file size.
const pngDPI = 144

// Figure is a drawing with a size. It can be written in several formats.
type Figure struct {
	width, height vg.Length
	draw          func(c draw.Canvas)
}

// New returns a figure of this size in points. draw receives a canvas with a white background. New
// is for drawings that no other function of this package makes.
func New(width, height vg.Length, draw func(c draw.Canvas)) Figure {
	return Figure{width, height, draw}
}

// Size returns the figure's size in points, 1/72 inch.
func (f Figure) Size() (width, height vg.Length) { return f.width, f.height }

// SVG writes the figure as an SVG document. The document names fonts, with fallbacks that every
// system has, and embeds none. SVG returns an error if the drawing or the writer fails.
func (f Figure) SVG(w io.Writer) error {
	canvas := vgsvg.NewWith(vgsvg.UseWH(f.width, f.height))
	f.paint(canvas)
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return fmt.Errorf("can't draw the figure as SVG: %w", err)
	}
	text := svg.Bytes()
	for _, r := range [][2]string{
		// All these font families have the metrics of Liberation Sans, or nearly.
		{"font-family:Liberation Sans;", "font-family:'Liberation Sans',Arimo,Helvetica,Arial,sans-serif;"},
		{"font-variant:normal;", ""},
		{"font-weight:normal;", ""},
		{"font-style:normal;", ""},
		{"data:image/jpg;", "data:image/png;"}, // vgsvg names the wrong format
		{"<image ", `<image style="image-rendering:pixelated" preserveAspectRatio="none" `},
	} {
		text = bytes.ReplaceAll(text, []byte(r[0]), []byte(r[1]))
	}
	if _, err := w.Write(written.ReplaceAllFunc(text, measured)); err != nil {
		return fmt.Errorf("can't write the figure: %w", err)
	}
	return nil
}

// written matches a text element of vgsvg: its size and its words.
var written = regexp.MustCompile(`<text [^>]*font-size:([0-9.]+)px[^>]*>([^<]*)</text>\n?`)

// measured adds the planned width to a text element of an SVG. Without it a wider substitute font
// would overlap the neighbouring elements.
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

// Image returns the figure at this resolution in dots per inch. An image of at most 256 colours,
// such as most drawings, is paletted.
func (f Figure) Image(dpi int) image.Image {
	canvas := vgimg.NewWith(vgimg.UseWH(f.width, f.height), vgimg.UseDPI(dpi))
	f.paint(canvas)
	picture := image.Image(canvas.Image())
	if rgba, ok := picture.(*image.RGBA); ok {
		return indexed(rgba)
	}
	return picture
}

// PNG writes the figure as a PNG image of 144 dots per inch. PNG returns an error if the drawing or
// the writer fails.
func (f Figure) PNG(w io.Writer) error {
	picture := f.Image(pngDPI)
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if _, ok := picture.(*image.Paletted); ok { // a paletted image is small, so the best compression takes little time
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

// message returns a figure that holds only this text, for figures without data.
func message(text string) Figure {
	return Figure{320, 60, func(c draw.Canvas) {
		c.FillText(centred(sans(fontSize)), c.Center(), text)
	}}
}
