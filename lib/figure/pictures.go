package figure

import (
	"image"
	"image/color"

	xdraw "golang.org/x/image/draw"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Picture returns the image of pixels [height][width][channels], the layout of the data sets. One
// channel is grey, three are red, green and blue.
func Picture(pixels []uint8, height, width, channels int) image.Image {
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range height * width {
		p := pixels[i*channels : (i+1)*channels]
		picture.SetNRGBA(i%width, i/width, color.NRGBA{p[0], p[channels/2], p[channels-1], 0xff})
	}
	return picture
}

// Tile is an image with a caption.
type Tile struct {
	Picture image.Image
	Caption string
}

// Grid draws images of about 32 x 32 pixels in rows of this many columns, three times enlarged,
// with their captions.
func Grid(columns int, tiles []Tile) Figure {
	if len(tiles) == 0 {
		return message("there are no pictures to show")
	}
	const side, gap, caption vg.Length = 84, 10, 14
	columns = min(max(columns, 1), len(tiles))
	rows := (len(tiles) + columns - 1) / columns
	return Figure{gap + (side+gap)*vg.Length(columns), gap + (side+caption+gap)*vg.Length(rows), func(c draw.Canvas) {
		for i, tile := range tiles {
			x := c.Min.X + gap + (side+gap)*vg.Length(i%columns)
			y := c.Max.Y - gap - (side+caption+gap)*vg.Length(i/columns) - side
			pixels(c, tile.Picture, vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + side, Y: y + side}})
			c.FillText(below(centred(sans(smallSize))), vg.Point{X: x + side/2, Y: y - 3}, shorten(sans(smallSize), tile.Caption, side+gap-2))
		}
	}}
}

// shorten cuts text to the available width.
func shorten(style draw.TextStyle, text string, room vg.Length) string {
	if style.Width(text) <= room {
		return text
	}
	runes := []rune(text)
	for len(runes) > 1 && style.Width(string(runes)+"…") > room {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// pixels draws the image with square pixels. SVG viewers smooth enlarged images unless the document
// forbids it; PNG receives the image already enlarged.
func pixels(c draw.Canvas, picture image.Image, r vg.Rectangle) {
	if _, svg := c.Canvas.(*vgsvg.Canvas); svg {
		c.DrawImage(r, picture) // see Figure.SVG
	} else {
		size := r.Size().Scale(pngDPI / 72.)
		large := image.NewNRGBA(image.Rect(0, 0, int(size.X.Points()+0.5), int(size.Y.Points()+0.5)))
		xdraw.NearestNeighbor.Scale(large, large.Rect, picture, picture.Bounds(), xdraw.Src, nil)
		c.DrawImage(r, large)
	}
	outline(c, r, paler)
}

// Guess is a class with its probability in 0..1.
type Guess struct {
	Class       string
	Probability float64
}

// Card is a prediction: the image, its true class ("" if unknown), and the most probable classes in
// falling order.
type Card struct {
	Picture image.Image
	True    string
	Guesses []Guess
}

const (
	cardWidth  vg.Length = 262
	cardHeight vg.Length = 112
)

// Predictions draws cards in rows of this many columns: the image, and bars for the probabilities.
// The bar of the true class is green, a wrong first guess is vermillion, and the words "right" or
// "wrong" stand beside them.
func Predictions(columns int, cards []Card) Figure {
	if len(cards) == 0 {
		return message("there are no predictions to show")
	}
	columns = min(max(columns, 1), len(cards))
	rows := (len(cards) + columns - 1) / columns
	return Figure{cardWidth * vg.Length(columns), cardHeight * vg.Length(rows), func(c draw.Canvas) {
		tiles := draw.Tiles{Rows: rows, Cols: columns}
		for i, card := range cards {
			card.draw(inset(tiles.At(c, i%columns, i/columns), 8, 8, 6, 6))
		}
	}}
}

func (card Card) draw(c draw.Canvas) {
	side := c.Max.Y - c.Min.Y - 14
	corner := vg.Point{X: c.Min.X, Y: c.Min.Y}
	pixels(c, card.Picture, vg.Rectangle{Min: corner, Max: corner.Add(vg.Point{X: side, Y: side})})
	if card.True != "" {
		c.FillText(below(sans(smallSize)), vg.Point{X: c.Min.X, Y: c.Max.Y}, "true class: "+card.True)
		if len(card.Guesses) > 0 {
			verdict, colour := "right", green
			if card.Guesses[0].Class != card.True {
				verdict, colour = "wrong", vermillion
			}
			c.FillText(below(before(coloured(sans(smallSize), colour))), vg.Point{X: c.Max.X, Y: c.Max.Y}, verdict)
		}
	}
	const names, numbers vg.Length = 56, 36
	left := corner.X + side + 8
	room := c.Max.X - left - names - numbers
	for i, guess := range card.Guesses {
		row := side / vg.Length(max(5, len(card.Guesses)))
		y := corner.Y + side - row*(vg.Length(i)+0.5)
		colour := grey
		switch {
		case guess.Class == card.True:
			colour = green
		case i == 0 && card.True != "":
			colour = vermillion
		case i == 0:
			colour = blue
		}
		text := sans(smallSize)
		c.FillText(before(text), vg.Point{X: left + names - 4, Y: y}, shorten(text, guess.Class, names-4))
		x, height := left+names, row*0.32
		fillRectangle(c, vg.Rectangle{Min: vg.Point{X: x, Y: y - height}, Max: vg.Point{X: x + max(0.5, room*vg.Length(guess.Probability)), Y: y + height}}, colour)
		c.FillText(after(text), vg.Point{X: x + room*vg.Length(guess.Probability) + 4, Y: y}, percent(guess.Probability))
	}
}
