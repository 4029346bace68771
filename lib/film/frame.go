package film

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure"
)

// Lengths of the drawing, in points.
const (
	spacing  vg.Length = 112 // between nodes
	rise     vg.Length = 25  // of an arc, for each node that it passes
	margin   vg.Length = 12
	heading  vg.Length = 26
	nodeSize vg.Length = 15
	labels   vg.Length = 8.5
)

var (
	unused  = color.NRGBA{0xe2, 0xe2, 0xe2, 0xff}
	changed = color.NRGBA{0xff, 0xe0, 0x4d, 0xff}
	outline = color.NRGBA{0x55, 0x55, 0x55, 0xff}
	input   = color.NRGBA{0xd5, 0xee, 0xe2, 0xff}
	state   = color.NRGBA{0xd9, 0xe8, 0xf5, 0xff}
)

// Frame draws a scene: both cells, with the number of changed edges and the similarity to the last
// cell beside their titles. It panics if the scene's index is out of range.
func (f *Film) Frame(scene int) figure.Figure {
	s := f.Scenes[scene]
	edges := len(s.Cells[0].Kept)
	nodes := cell.Inputs + cell.StatesOf(edges)
	one := heading + rise*vg.Length(nodes-1) + 2*nodeSize + 6
	width, height := spacing*vg.Length(nodes-1)+2*(margin+nodeSize)+20, 2*one+heading+2*margin
	return figure.New(width, height, func(c draw.Canvas) {
		top := c.Max.Y - margin
		f.clock(c, scene, top)
		for t, name := range []string{"Normal cell", "Reduction cell"} {
			at := top - heading - one*vg.Length(t)
			words := fmt.Sprintf("%s: %.0f %% of its genes are the last epoch's", name, 100*s.Similarity[t])
			if n := s.Cells[t].Changes(); n == 1 {
				words += ", 1 edge has changed"
			} else if n > 1 {
				words += fmt.Sprintf(", %d edges have changed", n)
			}
			c.FillText(figure.Text(10), vg.Point{X: c.Min.X + margin, Y: at - 12}, words)
			s.Cells[t].draw(c, vg.Point{X: c.Min.X + margin + nodeSize + 10, Y: at - one + nodeSize + 4}, nodes)
		}
	})
}

// clock draws the epoch as a number and as a bar.
func (f *Film) clock(c draw.Canvas, scene int, top vg.Length) {
	last := f.Scenes[len(f.Scenes)-1].Epoch
	text := fmt.Sprintf("Epoch %g of %g", f.Scenes[scene].Epoch, last)
	c.FillText(figure.Text(12), vg.Point{X: c.Min.X + margin, Y: top - 11}, text)
	left, right := c.Min.X+margin+130, c.Max.X-margin
	bar := func(to vg.Length, fill color.Color) {
		c.SetColor(fill)
		c.Fill(vg.Rectangle{Min: vg.Point{X: left, Y: top - 11}, Max: vg.Point{X: to, Y: top - 5}}.Path())
	}
	bar(right, unused)
	bar(left+(right-left)*vg.Length(f.Scenes[scene].Epoch/last), outline)
}

func (k Cell) draw(c draw.Canvas, origin vg.Point, nodes int) {
	place := func(node int) vg.Point { return vg.Point{X: origin.X + spacing*vg.Length(node), Y: origin.Y} }
	links := cell.Space{States: nodes - cell.Inputs}.Links()
	arcs := func(f func(e int, l cell.Link)) {
		for e, l := range links {
			f(e, l)
		}
	}
	arcs(func(e int, l cell.Link) {
		if k.Kept[e] == "" {
			stroke(c, arc(place(l.From), place(l.To)), draw.LineStyle{Color: unused, Width: 1})
		}
		if k.Gone[e] != "" {
			stroke(c, arc(place(l.From), place(l.To)), draw.LineStyle{Color: figure.OperationColor(k.Gone[e]), Width: 1, Dashes: []vg.Length{2, 3}})
		}
	})
	arcs(func(e int, l cell.Link) {
		if k.Changed[e] {
			stroke(c, arc(place(l.From), place(l.To)), draw.LineStyle{Color: changed, Width: 8})
		}
	})
	arcs(func(e int, l cell.Link) {
		if op := k.Kept[e]; op != "" {
			stroke(c, arc(place(l.From), place(l.To)), draw.LineStyle{Color: figure.OperationColor(op), Width: 2.25})
		}
	})
	arcs(func(e int, l cell.Link) {
		switch op := k.Kept[e]; {
		case op != "":
			ground := color.Color(color.White)
			if k.Changed[e] {
				ground = changed
			}
			label(c, crest(place(l.From), place(l.To)), op, ground, figure.OperationColor(op))
		case k.Gone[e] != "":
			label(c, crest(place(l.From), place(l.To)), "no "+k.Gone[e], color.White, unused)
		}
	})
	for node := range nodes {
		fill := state
		if node < cell.Inputs {
			fill = input
		}
		box(c, place(node), 2*nodeSize+vg.Length(max(0, 10-5*node)), 2*nodeSize-8, fill, outline, figure.NodeName(node), 10)
	}
}

// height returns the height of an arc above the nodes.
func height(from, to vg.Point) vg.Length { return rise*(to.X-from.X)/spacing + nodeSize - 8 }

// crest returns the highest point of an arc.
func crest(from, to vg.Point) vg.Point {
	return vg.Point{X: (from.X + to.X) / 2, Y: from.Y + height(from, to)}
}

// arc returns a path that rises from one node and descends to another.
func arc(from, to vg.Point) vg.Path {
	up := from.Y + height(from, to)*4/3 // control points of a cubic curve whose middle is the crest
	var p vg.Path
	p.Move(vg.Point{X: from.X + 6, Y: from.Y})
	p.CubeTo(vg.Point{X: from.X + 10, Y: up}, vg.Point{X: to.X - 10, Y: up}, vg.Point{X: to.X - 6, Y: to.Y})
	return p
}

func stroke(c draw.Canvas, p vg.Path, s draw.LineStyle) {
	c.SetLineStyle(s)
	c.Stroke(p)
}

func label(c draw.Canvas, at vg.Point, text string, ground, border color.Color) {
	box(c, at, figure.Text(labels).Width(text)+8, labels+5, ground, border, text, labels)
}

func box(c draw.Canvas, at vg.Point, width, height vg.Length, fill, border color.Color, text string, size vg.Length) {
	half := vg.Point{X: width / 2, Y: height / 2}
	r := vg.Rectangle{Min: at.Sub(half), Max: at.Add(half)}
	c.SetColor(fill)
	c.Fill(r.Path())
	stroke(c, r.Path(), draw.LineStyle{Color: border, Width: 1})
	style := figure.Text(size)
	style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
	c.FillText(style, at, text)
}
