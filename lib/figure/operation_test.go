package figure

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"testing"

	"github.com/essnas/essnas/lib/cell"
)

func TestOperationsOfDARTSHaveTheColoursOfOkabeAndIto(t *testing.T) {
	for op, want := range map[string]string{
		"none": "999999", "an unknown name": "999999", "skip_connect": "000000",
		"max_pool_3x3": "56b4e9", "avg_pool_3x3": "0072b2",
		"sep_conv_3x3": "e69f00", "sep_conv_5x5": "d55e00",
		"dil_conv_3x3": "009e73", "dil_conv_5x5": "cc79a7",
	} {
		c := OperationColor(op)
		if got := fmt.Sprintf("%02x%02x%02x", c.R, c.G, c.B); got != want || c.A != 0xff {
			t.Errorf("%s is %s with alpha %d, want %s with 255", op, got, c.A, want)
		}
	}
}

func TestDashesTellRelatedOperationsApart(t *testing.T) {
	for _, pair := range [][2]string{
		{"max_pool_3x3", "avg_pool_3x3"}, {"sep_conv_3x3", "sep_conv_5x5"}, {"dil_conv_3x3", "dil_conv_5x5"},
		{"capsule_dynamic", "capsule_em"}, {"capsule_em", "capsule_self"}, {"none", "skip_connect"},
	} {
		if OperationDashed(pair[0]) == OperationDashed(pair[1]) {
			t.Errorf("lines of %s and %s have the same style", pair[0], pair[1])
		}
	}
}

// The line of an operation without values is left out, and the others keep their styles.
func TestASeriesKeepsItsStyleWhateverIsLeftOut(t *testing.T) {
	op := func(name string, y ...float64) Series {
		return Series{Name: name, Y: y, Colour: OperationColor(name), Dashed: OperationDashed(name)}
	}
	skip, empty := op("skip_connect", 1, 2), op("none", math.NaN(), math.NaN())
	alone, after := Curves(Chart{Series: []Series{skip}}), Curves(Chart{Series: []Series{empty, skip}})
	solid := skip
	solid.Dashed = false
	drawn := func(f Figure) string {
		var b bytes.Buffer
		if err := f.SVG(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if drawn(alone) != drawn(after) {
		t.Error("the style of a line depends on a line that is left out")
	}
	if drawn(alone) == drawn(Curves(Chart{Series: []Series{solid}})) {
		t.Error("a dashed line is drawn as a solid one")
	}
}

// The operations are in no space yet: known kinds with other windows, and unknown kinds.
func TestAnyOtherOperationHasALegibleColourOfItsOwn(t *testing.T) {
	w := func(size, dilation, times int) (all []cell.Window) {
		for range times {
			all = append(all, cell.Window{Size: size, Dilation: dilation})
		}
		return
	}
	all := []cell.Operation{
		{Name: "max_pool_5x5", Kind: cell.MaxPool, Windows: w(5, 1, 1)},
		{Name: "avg_pool_5x5", Kind: cell.AveragePool, Windows: w(5, 1, 1)},
		{Name: "avg_pool_7x7", Kind: cell.AveragePool, Windows: w(7, 1, 1)},
		{Name: "one_conv_3x3", Kind: cell.Separable, Windows: w(3, 1, 1)},
		{Name: "one_conv_5x5", Kind: cell.Separable, Windows: w(5, 1, 1)},
		{Name: "sep_conv_7x7", Kind: cell.Separable, Windows: w(7, 1, 2)},
		{Name: "dil_conv_3x3 by 3", Kind: cell.Separable, Windows: w(3, 3, 1)},
		{Name: "dil_conv_7x7", Kind: cell.Separable, Windows: w(7, 2, 1)},
		{Name: "of a new kind", Kind: cell.CapsuleSelf + 1},
		{Name: "of a new kind, 3x3", Kind: cell.CapsuleSelf + 1, Windows: w(3, 1, 1)},
		{Name: "of another kind", Kind: cell.CapsuleSelf + 2},
		{Name: "of a third kind", Kind: cell.CapsuleSelf + 3},
	}
	for _, name := range cell.Operations() {
		o, _ := cell.Lookup(name)
		all = append(all, o)
	}
	seen := make(map[color.NRGBA]string)
	for _, o := range all {
		c := colourOf(o)
		if other, ok := seen[c]; ok {
			t.Errorf("%s and %s have the same colour", o.Name, other)
		}
		seen[c] = o.Name
		// Orange, the lightest of the eight, has a contrast of 2.2 to white (WCAG 2.1).
		if got := 1.05 / (luminance(c) + 0.05); got < 2.2 {
			t.Errorf("%s has a contrast of %.2f to white, want 2.2 or more", o.Name, got)
		}
	}
}

func TestWiderWindowsAreDarker(t *testing.T) {
	for _, kind := range []cell.Kind{cell.MaxPool, cell.AveragePool} {
		last := math.Inf(1)
		for size := 3; size <= 11; size += 2 {
			c := colourOf(cell.Operation{Kind: kind, Windows: []cell.Window{{Size: size, Dilation: 1}}})
			if l := luminance(c); l >= last {
				t.Errorf("kind %d: size %d is no darker than the size before it", kind, size)
			} else {
				last = l
			}
		}
	}
}

// luminance is the relative luminance of WCAG 2.1.
func luminance(c color.NRGBA) float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}
