package figure

import (
	"fmt"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sizes of text, in points.
const (
	smallSize vg.Length = 8
	fontSize  vg.Length = 9.5
	titleSize vg.Length = 11
)

var (
	ink   = color.NRGBA{0x22, 0x22, 0x22, 0xff} // text
	faint = color.NRGBA{0x88, 0x88, 0x88, 0xff} // axes
	paler = color.NRGBA{0xdd, 0xdd, 0xdd, 0xff} // grids
	grey  = color.NRGBA{0x99, 0x99, 0x99, 0xff}
)

// The palette of Okabe and Ito (2008) is safe for all kinds of colour vision. Yellow comes last
// because it is too light for lines on white.
var (
	blue       = color.NRGBA{0x00, 0x72, 0xb2, 0xff}
	vermillion = color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
	green      = color.NRGBA{0x00, 0x9e, 0x73, 0xff}
	purple     = color.NRGBA{0xcc, 0x79, 0xa7, 0xff}
	orange     = color.NRGBA{0xe6, 0x9f, 0x00, 0xff}
	sky        = color.NRGBA{0x56, 0xb4, 0xe9, 0xff}
	black      = color.NRGBA{0x00, 0x00, 0x00, 0xff}
	yellow     = color.NRGBA{0xf0, 0xe4, 0x42, 0xff}
)

// Palette returns the colours of the first, second, ... series of a figure.
func Palette() []color.NRGBA {
	return []color.NRGBA{blue, vermillion, green, purple, orange, sky, black, yellow}
}

// textOn returns black or white, the more legible of the two on this colour of the ramp.
func textOn(share float64) color.Color {
	if share > 0.55 {
		return color.White
	}
	return ink
}

// Text returns the style of all text of this size in points: left-aligned, on a baseline at the
// point where it is drawn. In the text, _{...} is a subscript.
func Text(size vg.Length) draw.TextStyle { return sans(size) }

func sans(size vg.Length) draw.TextStyle {
	return draw.TextStyle{
		Color:   ink,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		Handler: subscripts{text.Plain{Fonts: font.DefaultCache}},
	}
}

func coloured(style draw.TextStyle, c color.Color) draw.TextStyle {
	style.Color = c
	return style
}

// centred, before and after align a text by its middle, its right end or its left end.
func centred(style draw.TextStyle) draw.TextStyle { return aligned(style, draw.XCenter) }
func before(style draw.TextStyle) draw.TextStyle  { return aligned(style, draw.XRight) }
func after(style draw.TextStyle) draw.TextStyle   { return aligned(style, draw.XLeft) }

func aligned(style draw.TextStyle, x text.XAlignment) draw.TextStyle {
	style.XAlign, style.YAlign = x, draw.YCenter
	return style
}

func line(c color.Color, width vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: width}
}

func fillRectangle(c draw.Canvas, r vg.Rectangle, fill color.Color) {
	c.SetColor(fill)
	c.Fill(r.Path())
}

// inset returns the canvas without margins of these widths.
func inset(c draw.Canvas, left, right, bottom, top vg.Length) draw.Canvas {
	return draw.Crop(c, left, -right, bottom, -top)
}

// subscripts sets plain text, with _{...} lower and smaller: c_{k-2}. Gonum's LaTeX handler sets
// serif letters, and it panics at arrows and at names like sep_conv_3x3.
type subscripts struct{ text.Plain }

type piece struct {
	text string
	sub  bool
}

func pieces(line string) (p []piece) {
	for {
		head, rest, found := strings.Cut(line, "_{")
		sub, tail, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return append(p, piece{text: line})
		}
		p = append(p, piece{text: head}, piece{text: sub, sub: true})
		line = tail
	}
}

func (p piece) face(s subscripts, f font.Font) font.Face {
	if p.sub {
		return s.Fonts.Lookup(f, f.Size*0.75)
	}
	return s.Fonts.Lookup(f, f.Size)
}

func (s subscripts) Box(line string, f font.Font) (width, height, depth vg.Length) {
	_, height, depth = s.Plain.Box(line, f)
	for _, p := range pieces(line) {
		face := p.face(s, f)
		width += face.Width(p.text)
	}
	return width, height, depth
}

func (s subscripts) Draw(c vg.Canvas, txt string, style text.Style, at vg.Point) {
	if !strings.Contains(txt, "_{") {
		s.Plain.Draw(c, txt, style, at)
		return
	}
	c.SetColor(style.Color)
	if style.Rotation != 0 {
		c.Push()
		defer c.Pop()
		c.Rotate(style.Rotation)
		sin, cos := math.Sincos(style.Rotation)
		at = vg.Point{X: at.Y*vg.Length(sin) + at.X*vg.Length(cos), Y: at.Y*vg.Length(cos) - at.X*vg.Length(sin)}
	}
	width, height, depth := s.Box(txt, style.Font)
	x := at.X + vg.Length(style.XAlign)*width
	// This is the baseline of plain text.
	y := at.Y + vg.Length(style.YAlign)*(height+depth) + style.Font.Size - height
	for _, p := range pieces(txt) {
		face, low := p.face(s, style.Font), vg.Length(0)
		if p.sub {
			low = style.Font.Size * 0.2
		}
		word := strings.TrimLeft(p.text, " ") // SVG viewers drop leading spaces
		c.FillString(face, vg.Point{X: x + face.Width(p.text[:len(p.text)-len(word)]), Y: y - low}, word)
		x += face.Width(p.text)
	}
}

// percent writes a fraction in per cent. Fractions below 1 never round to 100 %.
func percent(share float64) string {
	if share > 0 && share < 1e-4 {
		return "< 0.01 %"
	}
	if share < 0.1 || share > 0.999 && share < 1 {
		return fmt.Sprintf("%.2f %%", math.Floor(share*1e4)/100)
	}
	return fmt.Sprintf("%.1f %%", share*100)
}
