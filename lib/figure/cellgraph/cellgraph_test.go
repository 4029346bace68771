package cellgraph

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure"
)

func svg(t *testing.T, draw func(string, cell.Genotype) (figure.Figure, error), g cell.Genotype) string {
	t.Helper()
	f, err := draw("the title", g)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := f.SVG(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestEveryGeneIsDrawnInItsColour(t *testing.T) {
	for _, name := range cell.PublishedNames() {
		g, _ := cell.Published(name)
		for kind, drawn := range map[string]struct {
			text  string
			genes []cell.Gene
		}{"normal": {svg(t, Normal, g), g.Normal}, "reduction": {svg(t, Reduction, g), g.Reduce}} {
			count := make(map[string]int)
			for _, gene := range drawn.genes {
				count[gene.Op]++
			}
			for op, want := range count {
				if got := strings.Count(drawn.text, ">"+op+"<"); got != want {
					t.Errorf("%s, %s cell: %s stands there %d times, want %d", name, kind, op, got, want)
				}
			}
			for _, node := range []string{">the title<", ">k-2<", ">k-1<", ">0<", ">1<", ">2<", ">3<"} {
				if strings.Count(drawn.text, node) != 1 {
					t.Errorf("%s, %s cell: want %s once", name, kind, node)
				}
			}
		}
	}
}

func TestNothingIsDrawnOutsideTheFigure(t *testing.T) {
	g, _ := cell.Published("PC_DARTS_cifar")
	boxes, arcs := parts(g.Reduce, g.ReduceConcat)
	l, err := place(boxes, arcs, 0.38)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range boxes {
		c, ok := l.centres[b.name]
		if !ok || c.X < b.width/2-1 || c.Y < b.height/2-1 || c.X > l.width-b.width/2+1 || c.Y > l.height-b.height/2+1 {
			t.Errorf("%s lies at %v in %v x %v", b.name, c, l.width, l.height)
		}
	}
	for i, way := range l.ways {
		if len(way)%3 != 1 {
			t.Errorf("edge %d has %d points, not those of a chain of cubic curves", i, len(way))
		}
	}
}

func TestALongChainOfStatesFitsAPage(t *testing.T) {
	g, _ := cell.Published("DARTS_V1")
	for i := range cell.States {
		g.Normal[2*i], g.Normal[2*i+1] = cell.Gene{Op: "skip_connect", From: i}, cell.Gene{Op: "skip_connect", From: i + 1}
	}
	f, err := Normal("", g)
	if err != nil {
		t.Fatal(err)
	}
	if width, _ := f.Size(); width > 850 {
		t.Errorf("the figure is %.0f points wide, want at most 850", width.Points())
	}
}

func TestStatesOutsideTheConcatenationDoNotReachTheOutput(t *testing.T) {
	g, _ := cell.Published("DARTS_V2")
	g.NormalConcat = []int{4, 5}
	_, arcs := parts(g.Normal, g.NormalConcat)
	var into []string
	for _, a := range arcs {
		if a.to == "node6" {
			into = append(into, a.from)
		}
	}
	if got := strings.Join(into, " "); got != "node4 node5" {
		t.Errorf("the output reads from %s, want node4 node5", got)
	}
}

func TestTheSameCellIsDrawnTheSameByManyAtOnce(t *testing.T) {
	g, _ := cell.Published("DARTS_V1")
	want := svg(t, Normal, g)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if got := svg(t, Normal, g); got != want {
				t.Error("the drawing differs")
			}
		})
	}
	group.Wait()
}

func TestAnInvalidGenotypeIsNotDrawn(t *testing.T) {
	if _, err := Normal("", cell.Genotype{}); err == nil || !strings.Contains(err.Error(), "normal has 0 genes") {
		t.Errorf("got error %v", err)
	}
}

func TestParseRefusesWhatGraphvizWouldNotWrite(t *testing.T) {
	for text, want := range map[string]string{
		"graph 1 wide 2\n": "invalid syntax", "node node0 1\n": "a field is missing", "edge a b 4 1 1 2 2\n": "a field is missing", "stop\n": "no path for edge 0",
	} {
		if _, err := parse(text, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want it to hold %q", text, err, want)
		}
	}
}

func TestASearchCellHasEveryEdgeAndStateOfItsSpace(t *testing.T) {
	for states, edges := range map[int]int{2: 5, 3: 9, 4: 14, 5: 20} { // 2 + 3 + ... by target
		f, err := Complete("the title", cell.Space{Operations: cell.Primitives, States: states})
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := f.SVG(&text); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(text.String(), "stroke-width:1.5"); got != edges {
			t.Errorf("%d states: %d edges are drawn, want %d", states, got, edges)
		}
		for state := range cell.MaxStates {
			if got := strings.Contains(text.String(), fmt.Sprintf(">%d<", state)); got != (state < states) {
				t.Errorf("%d states: that state %d is drawn is %t", states, state, got)
			}
		}
	}
}

func TestASpaceThatCannotBeSearchedIsNotDrawn(t *testing.T) {
	_, err := Complete("", cell.Space{Operations: cell.Primitives, States: 6})
	if err == nil || !strings.Contains(err.Error(), "6 states") {
		t.Errorf("got error %v", err)
	}
}

func TestACellOfTwoToFiveStatesIsDrawnWithAllOfThemAndOneOutput(t *testing.T) {
	for states := cell.MinStates; states <= cell.MaxStates; states++ {
		g := cell.Space{Operations: cell.Primitives, States: states}.Random(rand.New(rand.NewPCG(1, uint64(states))))
		for kind, text := range map[string]string{"normal": svg(t, Normal, g), "reduction": svg(t, Reduction, g)} {
			for state := range cell.MaxStates {
				want := 0
				if state < states {
					want = 1
				}
				if got := strings.Count(text, fmt.Sprintf(">%d<", state)); got != want {
					t.Errorf("%s cell of %d states: state %d stands there %d times, want %d", kind, states, state, got, want)
				}
			}
			if got := strings.Count(text, ">k<"); got != 1 {
				t.Errorf("%s cell of %d states has %d outputs", kind, states, got)
			}
		}
		boxes, arcs := parts(g.Normal, g.NormalConcat)
		names := map[string]bool{}
		for _, b := range boxes {
			names[b.name] = true
		}
		for _, a := range arcs {
			if !names[a.from] || !names[a.to] {
				t.Errorf("%d states: an arc from %s to %s, of which one is not there", states, a.from, a.to)
			}
		}
	}
}
