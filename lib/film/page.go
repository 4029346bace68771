package film

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/report"
)

var cells = []string{"normal", "reduction"}

// Page returns a page with the film behind a slider, its numbers, and heat maps of the alphas.
func (f *Film) Page(title string) report.Page {
	p := report.Page{Title: title, Lead: "The cells of a search, epoch by epoch.", Footer: "Written by essnas from the events of the run."}
	var frames []report.Frame
	for i, s := range f.Scenes {
		frames = append(frames, report.Frame{Name: fmt.Sprintf("epoch %g", s.Epoch), Figures: []figure.Figure{f.Frame(i)}})
	}
	s := p.Section("The film", "Nodes and edges keep their places. Changes since the previous epoch have a yellow ground. An edge that the cell has lost since then is dashed.")
	s.Slider("The cells of each epoch.", frames)
	s = p.Section("Time of the decision", "")
	s.Figure(f.Curves(), "Similarity: share of the genes in common with the last epoch's cell. Entropy: 1 where all operations of an edge have the same weight. Drift of beta: from equal weights of the edges that enter a state.")
	s.Figure(f.Winners(), "The strongest operation of each edge but none, whether or not the cell keeps the edge.")
	s.Figure(f.FortuneCurves(), "Weights and wins of the operations on the edges of both cells. A weight of 1 is an equal share.")
	for t, name := range cells {
		s.Figure(figure.AlphaHistory(report.Capital(name)+" cell", f.Operations, f.history.At, f.history.Alphas[t]), fmt.Sprintf("The weights of the operations on the %s cell's edges.", name))
	}
	return p
}

// epochs returns the epochs of all scenes.
func (f *Film) epochs() (at []float64) {
	for _, s := range f.Scenes {
		at = append(at, s.Epoch)
	}
	return
}

// Curves draws similarity, entropy and the drift of betas over the epochs.
func (f *Film) Curves() figure.Figure {
	chart := func(title, unit string, of func(s Scene, typ int) float64) figure.Chart {
		ch := figure.Chart{Title: title, X: "epoch", Y: unit}
		for t, name := range cells {
			line := figure.Series{Name: name + " cell", X: f.epochs()}
			for _, s := range f.Scenes {
				line.Y = append(line.Y, of(s, t))
			}
			ch.Series = append(ch.Series, line)
		}
		return ch
	}
	charts := []figure.Chart{
		chart("Similarity to the last cell", "genes in common (%)", func(s Scene, t int) float64 { return 100 * s.Similarity[t] }),
		chart("Entropy of the operations", "of an edge, mean (1: undecided)", func(s Scene, t int) float64 { return s.Entropy[t] }),
		chart("Changes", "edges since the epoch before", func(s Scene, t int) float64 { return float64(s.Cells[t].Changes()) }),
	}
	if slices.ContainsFunc(f.Scenes, func(s Scene) bool { return s.BetaDrift[0]+s.BetaDrift[1] > 0 }) {
		charts = append(charts, chart("Drift of beta", "from equal weights, mean of the states", func(s Scene, t int) float64 { return s.BetaDrift[t] }))
	}
	return figure.Curves(charts...)
}

// FortuneCurves draws the fortunes of the operations: their weights, the number of edges that have
// them, and the number of edges on which they win.
func (f *Film) FortuneCurves() figure.Figure {
	chart := func(title, unit string, of func(o Fortune, scene int) float64) figure.Chart {
		ch := figure.Chart{Title: title, X: "epoch", Y: unit}
		for _, o := range f.Fortunes() {
			line := figure.Series{Name: o.Operation, X: f.epochs(), Colour: figure.OperationColor(o.Operation), Dashed: figure.OperationDashed(o.Operation)}
			for i := range f.Scenes {
				line.Y = append(line.Y, of(o, i))
			}
			ch.Series = append(ch.Series, line)
		}
		return ch
	}
	charts := []figure.Chart{
		chart("Weight of an operation", "mean over its edges (1: equal share)", func(o Fortune, i int) float64 {
			if o.Has[i] == 0 {
				return math.NaN()
			}
			return o.Weight[i]
		}),
		chart("Edges on which it wins", "edges of both cells", func(o Fortune, i int) float64 {
			if cell.IsNone(o.Operation) {
				return math.NaN() // the operation none never wins
			}
			return float64(o.Wins[i])
		}),
	}
	first := f.Fortunes()
	if slices.ContainsFunc(first, func(o Fortune) bool { return slices.Min(o.Has) < slices.Max(o.Has) }) {
		charts = append(charts, chart("Edges that still have it", "edges of both cells", func(o Fortune, i int) float64 { return float64(o.Has[i]) }))
	}
	return figure.Curves(charts...)
}

// Winners draws the winner of each edge in each epoch, as bars in the operations' colours.
func (f *Film) Winners() figure.Figure {
	const row, left, head, foot vg.Length = 13, 60, 40, 30
	edges := len(f.Scenes[0].Winners[0])
	names := figure.EdgeNames(edges)
	wide := vg.Length(max(240, min(480, 12*len(f.Scenes))))
	width, height := 2*(left+wide)+40, head+row*vg.Length(edges)+foot+14
	seen := map[string]bool{}
	for _, s := range f.Scenes {
		for t := range s.Winners {
			for _, op := range s.Winners[t] {
				seen[op] = true
			}
		}
	}
	text := func(size vg.Length, x, y float64) draw.TextStyle {
		s := figure.Text(size)
		s.XAlign, s.YAlign = draw.XAlignment(x), draw.YAlignment(y)
		return s
	}
	return figure.New(width, height, func(c draw.Canvas) {
		at := vg.Point{X: c.Min.X + 10, Y: c.Max.Y - 12}
		c.FillText(text(11, 0, -0.5), at, "Winner of each edge over the epochs")
		x := at.X
		for _, op := range f.Operations {
			if !seen[op] {
				continue
			}
			square(c, vg.Point{X: x, Y: at.Y - 20}, 8, 8, figure.OperationColor(op))
			c.FillText(text(8, 0, -0.5), vg.Point{X: x + 11, Y: at.Y - 16}, op)
			x += figure.Text(8).Width(op) + 24
		}
		for t, name := range cells {
			origin := vg.Point{X: c.Min.X + left + (left+wide+20)*vg.Length(t), Y: c.Max.Y - head - 14}
			c.FillText(text(9, 0, -0.5), vg.Point{X: origin.X, Y: origin.Y + 7}, name+" cell")
			step := wide / vg.Length(len(f.Scenes))
			for e := range edges {
				y := origin.Y - row*vg.Length(e+1)
				c.FillText(text(8, -1, -0.5), vg.Point{X: origin.X - 5, Y: y + row/2}, names[e])
				for i := 0; i < len(f.Scenes); {
					end := i + 1
					for end < len(f.Scenes) && f.Scenes[end].Winners[t][e] == f.Scenes[i].Winners[t][e] {
						end++
					}
					square(c, vg.Point{X: origin.X + step*vg.Length(i), Y: y + 1}, step*vg.Length(end-i), row-2, figure.OperationColor(f.Scenes[i].Winners[t][e]))
					i = end
				}
			}
			bottom := origin.Y - row*vg.Length(edges) - 8
			for _, i := range []int{0, len(f.Scenes) / 2, len(f.Scenes) - 1} {
				c.FillText(text(8, -0.5, -0.5), vg.Point{X: origin.X + step*(vg.Length(i)+0.5), Y: bottom}, fmt.Sprintf("%g", f.Scenes[i].Epoch))
			}
			c.FillText(text(8, -0.5, -0.5), vg.Point{X: origin.X + wide/2, Y: bottom - 11}, "epoch")
		}
	})
}

func square(c draw.Canvas, at vg.Point, width, height vg.Length, fill color.Color) {
	c.SetColor(fill)
	c.Fill(vg.Rectangle{Min: at, Max: at.Add(vg.Point{X: width, Y: height})}.Path())
}
