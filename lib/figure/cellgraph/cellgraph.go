package cellgraph

import (
	"fmt"
	"image/color"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure"
)

// Normal draws the genotype's normal cell under a title. It returns an error if the genotype is
// invalid.
func Normal(title string, g cell.Genotype) (figure.Figure, error) {
	return graph(title, g, g.Normal, g.NormalConcat)
}

// Reduction draws the genotype's reduction cell under a title. It returns an error if the genotype
// is invalid.
func Reduction(title string, g cell.Genotype) (figure.Figure, error) {
	return graph(title, g, g.Reduce, g.ReduceConcat)
}

// Complete draws a cell of the space's search network under a title: all edges, each with all
// operations. It returns an error if the space can't be searched.
func Complete(title string, space cell.Space) (figure.Figure, error) {
	if err := space.Validate(); err != nil {
		return figure.Figure{}, fmt.Errorf("can't draw the cell: %w", err)
	}
	all := space.Complete()
	var arcs []arc
	for _, l := range all.Links {
		shade := 0x33 + 0x14*uint8(l.From) // no operation is grey, and crossing edges have different greys
		arcs = append(arcs, arc{from: name(l.From), to: name(l.To), colour: color.NRGBA{shade, shade, shade, 0xff}, width: 1.5, head: true})
	}
	return drawing(title, nodes(all.States), append(arcs, outputs(all.States, all.Concat)...))
}

// Sizes of boxes and text, in points.
const (
	nodeText  vg.Length = 11
	labelText vg.Length = 9
	titleText vg.Length = 11
	heading   vg.Length = 22
	margin    vg.Length = 8
	arrow     vg.Length = 7
)

// box is a node of the drawing: a node of the cell, or the operation on an edge of it.
type box struct {
	name          string // in the layout
	label         string
	fill, stroke  color.Color
	width, height vg.Length
	size          vg.Length // of the label
	round         vg.Length // radius of the corners
}

// arc is a line from box to box in one colour. An arc into a state ends in an arrowhead. An arc
// into an operation has none, so that both halves of an edge read as one.
type arc struct {
	from, to string
	colour   color.Color
	head     bool
	width    vg.Length
}

func graph(title string, g cell.Genotype, genes []cell.Gene, concat []int) (figure.Figure, error) {
	if err := g.Validate(); err != nil {
		return figure.Figure{}, fmt.Errorf("can't draw the cell: %w", err)
	}
	boxes, arcs := parts(genes, concat)
	return drawing(title, boxes, arcs)
}

// drawing lays the boxes out and draws them.
func drawing(title string, boxes []box, arcs []arc) (figure.Figure, error) {
	placed, err := place(boxes, arcs, 0.38)
	// shorter edges fit a long chain of states onto a page without smaller text
	if err == nil && placed.width > 740 {
		placed, err = place(boxes, arcs, 0.2)
	}
	if err != nil {
		return figure.Figure{}, fmt.Errorf("can't lay the cell out: %w", err)
	}
	wide := max(placed.width, figure.Text(titleText).Width(title))
	return figure.New(wide+2*margin, placed.height+heading+2*margin, func(c draw.Canvas) {
		c.FillText(figure.Text(titleText), vg.Point{X: c.Min.X + margin, Y: c.Max.Y - heading + 4}, title)
		origin := vg.Point{X: c.Min.X + margin + (wide-placed.width)/2, Y: c.Min.Y + margin}
		for i, a := range arcs {
			a.draw(c, origin, placed.ways[i])
		}
		for _, b := range boxes {
			b.draw(c, origin.Add(placed.centres[b.name]))
		}
	}), nil
}

// parts returns the boxes and arcs of a cell.
func parts(genes []cell.Gene, concat []int) (boxes []box, arcs []arc) {
	states := len(genes) / 2 // a state keeps two edges
	boxes = nodes(states)
	for i, gene := range genes {
		colour := figure.OperationColor(gene.Op)
		b := box{
			name: fmt.Sprintf("op%d", i), label: gene.Op, size: labelText, fill: color.White, stroke: colour,
			width: figure.Text(labelText).Width(gene.Op) + 12, height: 17, round: 8.5,
		}
		boxes = append(boxes, b)
		arcs = append(arcs,
			arc{from: name(gene.From), to: b.name, colour: colour, width: 1.75},
			arc{from: b.name, to: name(cell.Inputs + i/2), colour: colour, width: 1.75, head: true})
	}
	return boxes, append(arcs, outputs(states, concat)...)
}

// nodes returns the boxes of the nodes of a cell with this number of states.
func nodes(states int) (boxes []box) {
	output := cell.Inputs + states
	for node := range output + 1 {
		b := box{name: name(node), label: figure.NodeName(node), size: nodeText, stroke: color.NRGBA{0x55, 0x55, 0x55, 0xff}, width: 34, height: 30, round: 4}
		switch {
		case node < cell.Inputs:
			b.fill, b.width = color.NRGBA{0xd5, 0xee, 0xe2, 0xff}, 44
		case node == output:
			b.fill, b.width, b.label = color.NRGBA{0xfa, 0xf0, 0xc8, 0xff}, 44, "c_{k}"
		default:
			b.fill = color.NRGBA{0xd9, 0xe8, 0xf5, 0xff}
		}
		boxes = append(boxes, b)
	}
	return boxes
}

// outputs returns the arcs to the output from the states that it concatenates.
func outputs(states int, concat []int) (arcs []arc) {
	for _, node := range concat {
		arcs = append(arcs, arc{from: name(node), to: name(cell.Inputs + states), colour: color.NRGBA{0x88, 0x88, 0x88, 0xff}, width: 1, head: true})
	}
	return arcs
}

func name(node int) string { return fmt.Sprintf("node%d", node) }

func (b box) draw(c draw.Canvas, centre vg.Point) {
	half := vg.Point{X: b.width / 2, Y: b.height / 2}
	low, high := centre.Sub(half), centre.Add(half)
	const k = 0.5523 // distance of the control points of a quarter circle, for radius 1
	r, t := b.round, b.round*(1-k)
	var p vg.Path
	p.Move(vg.Point{X: low.X + r, Y: low.Y})
	p.Line(vg.Point{X: high.X - r, Y: low.Y})
	p.CubeTo(vg.Point{X: high.X - t, Y: low.Y}, vg.Point{X: high.X, Y: low.Y + t}, vg.Point{X: high.X, Y: low.Y + r})
	p.Line(vg.Point{X: high.X, Y: high.Y - r})
	p.CubeTo(vg.Point{X: high.X, Y: high.Y - t}, vg.Point{X: high.X - t, Y: high.Y}, vg.Point{X: high.X - r, Y: high.Y})
	p.Line(vg.Point{X: low.X + r, Y: high.Y})
	p.CubeTo(vg.Point{X: low.X + t, Y: high.Y}, vg.Point{X: low.X, Y: high.Y - t}, vg.Point{X: low.X, Y: high.Y - r})
	p.Line(vg.Point{X: low.X, Y: low.Y + r})
	p.CubeTo(vg.Point{X: low.X, Y: low.Y + t}, vg.Point{X: low.X + t, Y: low.Y}, vg.Point{X: low.X + r, Y: low.Y})
	p.Close()
	c.SetColor(b.fill)
	c.Fill(p)
	c.SetLineStyle(draw.LineStyle{Color: b.stroke, Width: 1.25})
	c.Stroke(p)
	text := figure.Text(b.size)
	text.XAlign, text.YAlign = draw.XCenter, draw.YCenter
	c.FillText(text, centre, b.label)
}

// draw strokes a path, a chain of cubic Bézier curves: the first point, then three points for each
// curve.
func (a arc) draw(c draw.Canvas, origin vg.Point, way []vg.Point) {
	var p vg.Path
	p.Move(origin.Add(way[0]))
	for i := 1; i+2 < len(way); i += 3 {
		p.CubeTo(origin.Add(way[i]), origin.Add(way[i+1]), origin.Add(way[i+2]))
	}
	c.SetLineStyle(draw.LineStyle{Color: a.colour, Width: a.width})
	c.Stroke(p)
	if !a.head {
		return
	}
	end, before := origin.Add(way[len(way)-1]), origin.Add(way[len(way)-2])
	length := end.Sub(before)
	along := length.Scale(1 / max(1e-6, vg.Length(hypotenuse(length))))
	across := vg.Point{X: -along.Y, Y: along.X}
	c.FillPolygon(a.colour, []vg.Point{
		end.Add(along.Scale(arrow)), end.Add(across.Scale(arrow * 0.4)), end.Sub(across.Scale(arrow * 0.4)),
	})
}

// dot returns the graph in DOT, Graphviz's language. gap is the least distance of columns. Lengths
// are in inches. Boxes have a size and no label, because this package draws the text.
func dot(boxes []box, arcs []arc, gap float64) string {
	var text strings.Builder
	fmt.Fprintf(&text, "digraph {\nrankdir=LR; ranksep=%g; nodesep=0.14; splines=true; outputorder=edgesfirst;\nnode [shape=box, fixedsize=true, label=\"\"]; edge [arrowsize=%g];\n", gap, arrow/10)
	for _, b := range boxes {
		fmt.Fprintf(&text, "%s [width=%g, height=%g];\n", b.name, b.width.Points()/72, b.height.Points()/72)
	}
	for i, a := range arcs {
		// arcs meet an operation in the middle of its round ends
		direction, ends := "none", "headport=w"
		if a.head {
			direction, ends = "forward", "tailport=e"
		}
		// Graphviz writes arcs in another order, so the label holds the arc's index. At font size 0
		// it takes no room.
		fmt.Fprintf(&text, "%s -> %s [dir=%s, %s, label=\"%d\", fontsize=1];\n", a.from, a.to, direction, ends, i)
	}
	// c_{k-2} above c_{k-1}
	text.WriteString("{rank=same; node0 -> node1 [style=invis, label=\"-1\"]}\n}\n")
	return text.String()
}
