package analysis

import (
	"math"
	"testing"

	"github.com/essnas/essnas/lib/cell"
	"gonum.org/v1/gonum/stat"
)

func published(t *testing.T, name string) cell.Genotype {
	g, ok := cell.Published(name)
	if !ok {
		t.Fatal(name)
	}
	return g
}

// The measures are derived by hand from the genes. Fields are half sides of the square that a state
// depends on. A 3x3 window adds 1, in units of the distance of its input's positions; a 5x5 window
// and a dilated 3x3 window add 2. Separable convolutions have two windows, and the first has the
// stride.
//
// DARTS_V2, normal: states 0 to 2 read inputs through sep_conv_3x3 (1 + 1 = 2). State 3 reads state
// 0 through dil_conv_3x3 (2 + 2 = 4): 9 positions. Two of its 9 paths, those through state 0, have
// two operations: (7 + 2*2) / 9. Reduction: pools of stride 2 (1) with skip connections behind
// them: 3 positions.
//
// PC_DARTS_cifar, normal: every edge leaves an input, and sep_conv_5x5 has the largest field (2 + 2
// = 4): 9 positions. Reduction, distances 1 and then 2: sep_conv_5x5 of stride 2 gives state 0 a
// half side of 2 + 2*2 = 6. The next one, of stride 1, gives state 1 6 + 2*2 + 2*2 = 14, and
// sep_conv_3x3 gives state 2 14 + 2 + 2 = 18: 37 positions. Paths into the states: 2 (of 1), 1 + 2
// (1, 2, 2), 1 + 3 (1, 2, 3, 3) and 1 + 2 (1, 2, 2): 21 operations on 12 paths.
func TestPublishedCellsHaveTheMeasuresDerivedByHand(t *testing.T) {
	darts, pc := published(t, "DARTS_V2"), published(t, "PC_DARTS_cifar")
	for _, c := range []struct {
		name   string
		genes  []cell.Gene
		stride int
		want   Measures
	}{
		{"DARTS_V2, normal", darts.Normal, 1, Measures{cell.Shape{Skips: 2, ParameterFree: 2, Depth: 2}, 11.0 / 9, 3.5, 9, 1, 0}},
		{"DARTS_V2, reduction", darts.Reduce, 2, Measures{cell.Shape{Skips: 3, ParameterFree: 8, Depth: 2}, 17.0 / 11, 2.5, 3, 0, 0}},
		{"PC_DARTS_cifar, normal", pc.Normal, 1, Measures{cell.Shape{Skips: 1, ParameterFree: 2, Depth: 1}, 1, 4, 9, 2, 0}},
		{"PC_DARTS_cifar, reduction", pc.Reduce, 2, Measures{cell.Shape{Skips: 0, ParameterFree: 1, Depth: 3}, 1.75, 2.5, 37, 0, 0}},
	} {
		if got := Of(c.genes, []int{2, 3, 4, 5}, c.stride); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

// The fields are derived by hand for networks of a normal and two reduction cells. Numbers are half
// sides, and after the | the distance of positions:
//
// DARTS_V2: stem 1|1; normal cell 1 + 4 = 5|1; reduction: the pool of the previous cell 5 + 1 =
// 6|2; the next one reads the normal cell through a factorized reduce (-5 to 6), and its pool of
// the previous cell has 6 + 2 = 8|4: 17 pixels.
//
// PC_DARTS_cifar: stem 1|1; normal cell 1 + 4 = 5|1; reduction 5 + 18 = 23|2; the next one 23 +
// 2*18 = 59|4: 119 pixels.
func TestNetworksSeeTheFieldDerivedByHand(t *testing.T) {
	for name, want := range map[string]int{"DARTS_V2": 17, "PC_DARTS_cifar": 119} {
		if got := Field(published(t, name), 3); got != want {
			t.Errorf("%s: got %d pixels, want %d", name, got, want)
		}
	}
}

func TestAStateThatNobodyReadsAddsNoDepth(t *testing.T) {
	genes := published(t, "DARTS_V2").Normal
	if m := Of(genes, []int{2, 3, 4}, 1); m.Depth != 1 || m.MeanPath != 1 || m.Field != 5 {
		t.Errorf("without its last state DARTS_V2 is %+v", m)
	}
}

func TestPoolsBehindSeparableConvolutionsAreCounted(t *testing.T) {
	genes := []cell.Gene{
		{Op: "sep_conv_3x3", From: 0}, {Op: "dil_conv_3x3", From: 1}, {Op: "dil_conv_3x3", From: 0}, {Op: "skip_connect", From: 1},
		{Op: "max_pool_3x3", From: 2}, {Op: "avg_pool_3x3", From: 3}, {Op: "avg_pool_3x3", From: 2}, {Op: "max_pool_3x3", From: 0},
	}
	if m := Of(genes, []int{2, 3, 4, 5}, 1); m.SepPool != 2 || m.Dilated != 2 {
		t.Errorf("got %+v, want 2 pools behind separable convolutions and 2 dilated ones", m)
	}
}

// With equal shares the states have depths 1, 4/3, 19/12 and 107/60.
func TestTheWeightedDepthIsTheMeanOverEdges(t *testing.T) {
	ops := []string{"none", "skip_connect"}
	shares, betas := make([][]float64, cell.Edges), make([]float64, cell.Edges)
	for e := range shares {
		shares[e], betas[e] = []float64{0.5, 0.5}, 1
	}
	if got := WeightedDepth(ops, shares, betas); math.Abs(got-1.425) > 1e-12 {
		t.Errorf("equal edges: got %g, want 1.425", got)
	}
	for e, l := range cell.Links() { // all weight on the chain of states
		betas[e] = 0
		if l.From == l.To-1 {
			betas[e] = 1
		}
	}
	if got := WeightedDepth(ops, shares, betas); got != 2.5 {
		t.Errorf("a chain: got %g, want the mean of 1 to 4", got)
	}
	shares[0][1] = math.NaN() // a pruned operation
	if got := WeightedDepth(ops, shares, betas); got != 2.5 {
		t.Errorf("a pruned operation: got %g", got)
	}
}

// Expected values: three of the seven operations have no weights; state i, from 0, reads two of 2 +
// i nodes, of which two are inputs.
func TestRandomCellsAreSpreadAsChanceHasIt(t *testing.T) {
	const n = 10000
	b := Random(cell.DARTS(), n, 1)
	mean, deviation := stat.MeanStdDev(b["parameter_free"], nil)
	if want := 8 * 3.0 / 7; math.Abs(mean-want) > 5*deviation/math.Sqrt(n) {
		t.Errorf("%g operations without weights, want about %g", mean, want)
	}
	mean, deviation = stat.MeanStdDev(b["width"], nil)
	if want := (2 + 4.0/3 + 1 + 4.0/5) / 2; math.Abs(mean-want) > 5*deviation/math.Sqrt(n) {
		t.Errorf("a width of %g, want about %g", mean, want)
	}
	if b.Quantile("depth", 0) != 1 || b.Quantile("depth", 1) != 4 {
		t.Errorf("depths from %g to %g, want 1 to 4", b.Quantile("depth", 0), b.Quantile("depth", 1))
	}
}

func TestPercentilesCountEqualsHalf(t *testing.T) {
	b := Band{"depth": {1, 2, 2, 3}}
	for value, want := range map[float64]float64{0: 0, 1: 12.5, 2: 50, 3: 87.5, 4: 100} {
		if got := b.Percentile("depth", value); got != want {
			t.Errorf("%g: got %g %%, want %g", value, got, want)
		}
	}
}

func TestEveryNameIsAMeasure(t *testing.T) {
	m := Measures{cell.Shape{Skips: 1, ParameterFree: 2, Depth: 3}, 4, 5, 6, 7, 8}
	for i, name := range Names() {
		if got := m.Value(name); got != float64(i+1) {
			t.Errorf("%s is %g, want %d", name, got, i+1)
		}
	}
}
