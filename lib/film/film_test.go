package film_test

import (
	"bytes"
	"image"
	"image/draw"
	"image/gif"
	"math"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/film"
	"github.com/essnas/essnas/lib/report"
)

// made returns the film of a search of three epochs: equal weights, then DARTS_V1, then DARTS_V2.
// In the last epoch the edges have lost max_pool_3x3, and each edge has decided for one operation.
func made(t *testing.T) *film.Film {
	t.Helper()
	h := report.History{At: []float64{1, 2, 3}, Operations: cell.Primitives}
	for _, name := range []string{"DARTS_V1", "DARTS_V1", "DARTS_V2"} {
		g, ok := cell.Published(name)
		if !ok {
			t.Fatalf("there is no cell %s", name)
		}
		h.Genotypes = append(h.Genotypes, &g)
	}
	for typ := range h.Alphas {
		for epoch := range 3 {
			var alphas [][]float64
			for e := range cell.Edges {
				edge := make([]float64, len(cell.Primitives))
				for o := range edge {
					edge[o] = 1. / 8
				}
				if epoch == 2 {
					clear(edge)
					edge[1], edge[2+e%6] = math.NaN(), 1
				}
				alphas = append(alphas, edge)
			}
			betas := []float64{0.5, 0.5, 1. / 3, 1. / 3, 1. / 3, 0.25, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2}
			if epoch == 2 {
				betas = []float64{1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0}
			}
			h.Alphas[typ], h.Betas[typ] = append(h.Alphas[typ], alphas), append(h.Betas[typ], betas)
		}
	}
	f, err := film.Of(h)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEntropyIsOneWhereNothingIsDecidedAndZeroWhereAllIs(t *testing.T) {
	f := made(t)
	for typ := range 2 {
		if e := f.Scenes[0].Entropy[typ]; math.Abs(e-1) > 1e-12 {
			t.Errorf("of equal weights %g, want 1", e)
		}
		if e := f.Scenes[2].Entropy[typ]; e != 0 {
			t.Errorf("of decided edges %g, want 0", e)
		}
	}
}

// If one of n edges into a state has all weight, the drift of the state is (n-1)/n. The mean over
// the states is that of 1/2, 2/3, 3/4 and 4/5.
func TestBetasDriftFromEqualSharesToOneEdge(t *testing.T) {
	f := made(t)
	if d := f.Scenes[0].BetaDrift[0]; d > 1e-12 {
		t.Errorf("equal betas have drifted by %g", d)
	}
	if d, want := f.Scenes[2].BetaDrift[1], (1./2+2./3+3./4+4./5)/4; math.Abs(d-want) > 1e-12 {
		t.Errorf("drift %g, want %g", d, want)
	}
}

func TestChangesAreTheEdgesThatTwoCellsDoNotShare(t *testing.T) {
	f := made(t)
	for typ := range 2 {
		a, b := f.Scenes[1].Cells[typ], f.Scenes[2].Cells[typ]
		if n := f.Scenes[1].Cells[typ].Changes(); n != 0 {
			t.Errorf("%d changes between equal cells", n)
		}
		common := 0
		for e := range a.Kept {
			switch {
			case a.Kept[e] == b.Kept[e] && (b.Changed[e] || b.Gone[e] != ""):
				t.Errorf("edge %d is unchanged, and marked", e)
			case b.Kept[e] != "" && b.Kept[e] != a.Kept[e] && !b.Changed[e], b.Kept[e] == "" && b.Gone[e] != a.Kept[e]:
				t.Errorf("edge %d has changed from %q to %q, and is not marked", e, a.Kept[e], b.Kept[e])
			case b.Kept[e] != "" && a.Kept[e] == b.Kept[e]:
				common++
			}
		}
		if s := f.Scenes[1].Similarity[typ]; s != float64(common)/8 {
			t.Errorf("similarity %g, want %d of 8", s, common)
		}
		if s := f.Scenes[2].Similarity[typ]; s != 1 {
			t.Errorf("the last cell's similarity to itself is %g", s)
		}
	}
}

func TestAWinnerIsNeverNoneAndNeverAnOperationThatIsGone(t *testing.T) {
	f := made(t)
	wins := 0
	for _, o := range f.Fortunes() {
		wins += o.Wins[2]
		if cell.IsNone(o.Operation) && o.Wins[0] != 0 {
			t.Error("none wins")
		}
		if o.Operation == "max_pool_3x3" && (o.Has[2] != 0 || o.Weight[2] != -1 || o.Wins[2] != 0 || o.Has[1] != 28) {
			t.Errorf("an operation that is gone: %+v", o)
		}
		if math.Abs(o.Weight[0]-1) > 1e-9 {
			t.Errorf("%s begins with %g equal shares", o.Operation, o.Weight[0])
		}
	}
	if wins != 28 {
		t.Errorf("%d wins on 28 edges", wins)
	}
}

// The animation holds parts of frames. Drawn over each other, the parts equal the frames.
func TestTheAnimationShowsEachFrameWhole(t *testing.T) {
	f := made(t)
	var b bytes.Buffer
	if err := f.GIF(&b); err != nil {
		t.Fatal(err)
	}
	g, err := gif.DecodeAll(&b)
	if err != nil || len(g.Image) != 3 {
		t.Fatalf("%d frames, %v", len(g.Image), err)
	}
	if g.Image[1].Rect.Dx() > 1 && g.Delay[1] >= g.Delay[2] {
		t.Errorf("delays %v", g.Delay)
	}
	shown := image.NewRGBA(g.Image[0].Rect)
	for i, part := range g.Image {
		draw.Draw(shown, part.Rect, part, part.Rect.Min, draw.Src)
		want := f.Frame(i).Image(film.DPI)
		for y := range want.Bounds().Dy() {
			for x := range want.Bounds().Dx() {
				r, g, bl, _ := want.At(x, y).RGBA()
				if sr, sg, sb, _ := shown.At(x, y).RGBA(); r != sr || g != sg || bl != sb {
					t.Fatalf("frame %d differs at %d,%d", i, x, y)
				}
			}
		}
	}
}

func TestThePageNeedsNoNetwork(t *testing.T) {
	var b bytes.Buffer
	if err := made(t).Page("A film").Write(&b); err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(b.String(), "http://www.w3.org/", "") // names of formats
	for _, address := range []string{"http://", "https://"} {
		if strings.Contains(text, address) {
			t.Errorf("the page names an address with %s", address)
		}
	}
	for _, want := range []string{"type=\"range\"", "epoch 3", "Similarity to the last cell"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

func TestARunWithoutCellsHasNoFilm(t *testing.T) {
	if _, err := film.Of(report.History{}); err == nil {
		t.Error("there is a film of nothing")
	}
}
