package cellgraph

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/essnas/essnas/lib/internal/graphvizcache"
	"github.com/goccy/go-graphviz"
	"gonum.org/v1/plot/vg"
)

func init() { graphvizcache.Done() }

// layout holds the positions of boxes and arcs, in points from the lower left corner.
type layout struct {
	width, height vg.Length
	centres       map[string]vg.Point // of the boxes
	ways          [][]vg.Point        // of the arcs
}

// one guards Graphviz: the process has one WebAssembly instance, which is not safe for concurrent
// use.
var one sync.Mutex

func place(boxes []box, arcs []arc, gap float64) (layout, error) {
	one.Lock()
	defer one.Unlock()
	ctx := context.Background()
	g, err := graphviz.New(ctx)
	if err != nil {
		return layout{}, err
	}
	defer g.Close()
	graph, err := graphviz.ParseBytes([]byte(dot(boxes, arcs, gap)))
	if err != nil {
		return layout{}, err
	}
	defer graph.Close()
	var plain bytes.Buffer
	if err := g.Render(ctx, graph, "plain", &plain); err != nil {
		return layout{}, err
	}
	return parse(plain.String(), len(arcs))
}

// parse reads Graphviz' format "plain", whose lines are
//
//	graph scale width height
//	node name x y width height label style shape color fillcolor
//	edge tail head n x1 y1 .. xn yn label xl yl style color
//
// with lengths in inches. The label of an edge is the index of its arc. parse returns an error for
// a line that it can't read and for an arc without a path.
func parse(plain string, arcs int) (layout, error) {
	l := layout{centres: make(map[string]vg.Point), ways: make([][]vg.Point, arcs)}
	for line := range strings.Lines(plain) {
		fields := strings.Fields(line)
		r := reader{fields: fields}
		switch r.text() {
		case "graph":
			r.number()
			l.width, l.height = r.number(), r.number()
		case "node":
			name := r.text()
			l.centres[name] = r.point()
		case "edge":
			r.text()
			r.text()
			points := r.integer()
			var way []vg.Point
			for range points {
				way = append(way, r.point())
			}
			if i := r.integer(); r.err == nil && i >= 0 && i < arcs && len(way) >= 4 {
				l.ways[i] = way
			}
		}
		if r.err != nil {
			return layout{}, fmt.Errorf("Graphviz wrote the line %q: %w", strings.TrimSpace(line), r.err)
		}
	}
	for i, way := range l.ways {
		if way == nil {
			return layout{}, fmt.Errorf("Graphviz returned no path for edge %d", i)
		}
	}
	return l, nil
}

// reader splits a line into fields.
type reader struct {
	fields []string
	err    error
}

func (r *reader) text() string {
	if len(r.fields) == 0 {
		if r.err == nil {
			r.err = fmt.Errorf("a field is missing")
		}
		return ""
	}
	field := r.fields[0]
	r.fields = r.fields[1:]
	return field
}

func (r *reader) integer() int {
	n, err := strconv.Atoi(strings.Trim(r.text(), `"`))
	if err != nil && r.err == nil {
		r.err = err
	}
	return n
}

// number reads a length in inches and returns it in points.
func (r *reader) number() vg.Length {
	x, err := strconv.ParseFloat(r.text(), 64)
	if err != nil && r.err == nil {
		r.err = err
	}
	return vg.Length(x) * vg.Inch
}

func (r *reader) point() vg.Point {
	x := r.number()
	return vg.Point{X: x, Y: r.number()}
}

func hypotenuse(p vg.Point) float64 { return math.Hypot(float64(p.X), float64(p.Y)) }
