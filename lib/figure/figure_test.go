package figure

import (
	"bytes"
	"encoding/xml"
	"flag"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/cmpimg"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var update = flag.Bool("update", false, "write the golden figures anew; look at them before you commit them")

var operations = []string{"none", "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"}

// shares returns invented weights [epoch][edge][operation]. Each edge prefers another operation in
// the end.
func shares(epochs int) [][][]float64 {
	all := make([][][]float64, epochs)
	for t := range all {
		all[t] = make([][]float64, 14)
		for e := range all[t] {
			all[t][e] = make([]float64, len(operations))
			for o := range operations {
				all[t][e][o] = (1 - float64(t)/20) / 8
			}
			all[t][e][e%8] += float64(t) / 20
		}
	}
	return all
}

// gallery returns one figure of every kind, by name.
func gallery() map[string]Figure {
	at := shares(10)
	betas := make([][]float64, 10)
	for t := range betas {
		betas[t] = []float64{.6, .4, .3, .3, .4, .25, .25, .25, .25, .2, .2, .2, .2, .2}
	}
	grey := Picture([]uint8{0, 80, 160, 240}, 2, 2, 1)
	return map[string]Figure{
		"curves": Curves(
			Chart{Title: "Loss", X: "epoch", Y: "cross-entropy (nats)", Series: []Series{{Name: "training", Y: []float64{2.3, 1.9, 1.2, 1}}, {Name: "validation", Y: []float64{2.2, math.NaN(), 1.4, 1.3}}}},
			Chart{Title: "Accuracy", X: "epoch", Y: "top-1 (%)", Series: []Series{{Name: "training", Y: []float64{12, 40, 60, 66}}}}),
		"alphas":  Alphas("Epoch 10", operations, at[9], at[4]),
		"history": AlphaHistory("Normal cell", operations, nil, at),
		"lines":   AlphaLines("Normal cell", operations, nil, at),
		"betas":   Betas("Normal cell", nil, betas),
		"bars": Bars(BarPanel{"Edge 0 → 2", "softmax(alpha)", []Bar{{"none", .1, "0.10"}, {"sep_conv_3x3", .5, "0.50"}, {"skip_connect", .4, "0.40"}}},
			BarPanel{"Cost", "million weights", []Bar{{"none", 0, "0"}, {"sep_conv_3x3", 3, "3.0"}, {"skip_connect", 1, "1.0"}}}),
		"correlation": Correlation("Two views", "view a", "view b", [][]float64{{1, 0, -.5}, {0, .9, .3}, {-.6, .2, -1}}),
		"partial":     PartialChannels(16, 4),
		"dots": Dots("Accuracy", "top-1 (%)", "too small", []Sample{
			{Name: "one", Values: []float64{90, 91, 92}, Mean: 91, Low: 88.5, High: 93.5},
			// an interval that is wider than the figure
			{Name: "two", Values: []float64{91, 93}, Mean: 92, Low: 80, High: 104, Class: 1},
			{Name: "three", Values: []float64{94}, Mean: 94, Low: math.NaN(), High: math.NaN(), Class: 6},
		}),
		"scatter": Scatter(Plane{Title: "Accuracy against time", X: "time (h)", Y: "top-1 (%)", Note: "too small", Steps: []Point{{X: 0, Y: 90}, {X: 2, Y: 93}}, Legend: "front"},
			Cluster{Name: "random", Class: 6, Points: []Point{{Y: 90}}}, Cluster{Name: "searched", Points: []Point{{X: 2, Y: 93, DX: 50, DY: 1, Label: "0.5"}, {X: 3, Y: 92}}}, Cluster{Name: "absent", Class: 2}),
		"logarithmic": Logarithmic(Plane{Title: "Few labels", X: "labels (%)", Y: "top-1 (%)", Note: "too small"},
			Curve{"fine-tuned", []Between{{1, 60, 55, 65}, {10, 70, 68, 71}, {100, 90, 89, 91}}}, Curve{"from scratch", []Between{{1, 30, 0, 100}, {10, 62, math.NaN(), math.NaN()}, {100, 90, 88, 91}}}),
		"bands": Bands(Plane{Title: "Robust accuracy", X: "epsilon (grey levels)", Y: "robust (%)", Note: "too small"},
			[]Curve{{Points: []Between{{X: 0, Y: 95}, {X: 4, Y: 20}, {X: 8, Y: 60}}}},
			Curve{"stage 1", []Between{{0, 90, 88, 92}, {4, 50, 45, 55}, {8, 10, 7, 14}}}, Curve{"stage 4", []Between{{0, 92, 90, 94}, {4, 60, math.NaN(), math.NaN()}, {8, 20, 16, 24}}}),
		"reliability": Reliability("Reliability", "too small", []Level{{0, .5, .4, .45, 10}, {.5, .8, .7, .5, 30}, {.8, .9, 0, 0, 0}, {.9, 1, .97, .9, 160}}),
		"heat": Heat(HeatMap{Title: "Accuracy (%)", RowAxis: "corruption", ColumnAxis: "severity", Rows: []string{"fog", "snow"}, Columns: []string{"1", "2"},
			Values: [][]float64{{80.1, 60}, {70, math.NaN()}}, High: 100, Digits: 1}),
		"confusion":   Confusion([]string{"cat", "dog", "automobile"}, [][]int{{8, 2, 0}, {3, 7, 0}, {0, 0, 5}}),
		"grid":        Grid(2, []Tile{{grey, "one"}, {grey, "a caption that is much too long for its tile"}, {grey, ""}}),
		"predictions": Predictions(2, []Card{{grey, "cat", []Guess{{"cat", .9}, {"dog", .1}}}, {grey, "dog", []Guess{{"cat", .6}, {"dog", .4}}}, {grey, "", []Guess{{"cat", 1}}}}),
	}
}

// Texts keep their planned width where the viewer lacks the named font.
func TestTextsOfAnSVGHaveAWidth(t *testing.T) {
	f := New(100, 50, func(c draw.Canvas) { c.FillText(Text(10), vg.Point{X: 5, Y: 5}, "a < b_{k-2}") })
	var svg bytes.Buffer
	if err := f.SVG(&svg); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range regexp.MustCompile(`textLength="([0-9.]+)" [^>]*font-size:([0-9.]+)px[^>]*>([^<]+)<`).FindAllStringSubmatch(svg.String(), -1) {
		got = append(got, m[1]+" at "+m[2]+": "+m[3])
	}
	// The widths of Liberation Sans, in 1/2048 em: a 1139, space 569, < 1196, b 1139, k 1024,
	// hyphen 682, 2 1139.
	want := []string{"22.52 at 10: a &lt; b", "10.42 at 7.5: k-2"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEveryFigureIsWellFormedSVGAndPNGOfItsSize(t *testing.T) {
	for name, f := range gallery() {
		var svg, picture bytes.Buffer
		if err := f.SVG(&svg); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for decoder := xml.NewDecoder(&svg); ; {
			if _, err := decoder.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Errorf("%s: not XML: %v", name, err)
				break
			}
		}
		if err := f.PNG(&picture); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		config, err := png.DecodeConfig(&picture)
		width, height := f.Size()
		if err != nil || math.Abs(float64(config.Width)-2*float64(width)) > 1 || math.Abs(float64(config.Height)-2*float64(height)) > 1 {
			t.Errorf("%s: %d x %d pixels (%v), want twice its %g x %g points", name, config.Width, config.Height, err, width, height)
		}
	}
}

func TestFiguresNameTheirAxes(t *testing.T) {
	for name, wants := range map[string][]string{
		"curves":      {"epoch", "cross-entropy (nats)", "top-1 (%)", "validation"},
		"alphas":      {"edge (from → to)", "softmax(alpha)", "dil_conv_5x5"},
		"history":     {"epoch", "softmax(alpha)", "sep_conv_3x3", "2 → 3"},
		"lines":       {"epoch", "softmax(alpha)", "sep_conv_3x3"},
		"betas":       {"softmax(beta)", "epoch", "edges into state 3"},
		"dots":        {"top-1 (%)", "too small", "three"},
		"scatter":     {"time (h)", "top-1 (%)", "too small", "searched", "front", "0.5"},
		"confusion":   {"true class", "predicted class", "automobile"},
		"bands":       {"epsilon (grey levels)", "robust (%)", "too small", "stage 4"},
		"reliability": {"confidence of the prediction", "accuracy", "15.0 %", "80.0 %"},
		"bars":        {"Edge 0 → 2", "million weights", "sep_conv_3x3", "0.50"},
		"correlation": {"view a", "view b", "-0.60", "−0.5"},
		"partial":     {"16 channels, K = 4", "4 of them go", "by-pass", "shuffled"},
		"predictions": {"true class: cat", "wrong", "right", "90.0 %"},
	} {
		var svg bytes.Buffer
		if err := gallery()[name].SVG(&svg); err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(svg.String(), want) {
				t.Errorf("%s does not say %q", name, want)
			}
		}
	}
}

func TestFiguresWithoutDataSaySo(t *testing.T) {
	nan := []float64{math.NaN(), math.Inf(1)}
	for name, f := range map[string]Figure{
		"curves": Curves(), "curves of NaN": Curves(Chart{Series: []Series{{Y: nan}}}), "alphas": Alphas("", operations, nil, nil),
		"history": AlphaHistory("", operations, nil, nil), "lines": AlphaLines("", operations, nil, nil), "betas": Betas("", nil, nil),
		"confusion": Confusion(nil, nil), "heat": Heat(HeatMap{}), "grid": Grid(3, nil), "predictions": Predictions(3, nil), "bars": Bars(), "dots": Dots("", "", "", nil), "scatter": Scatter(Plane{}, Cluster{Points: []Point{{X: math.NaN(), Y: 1}}}), "correlation": Correlation("", "", "", nil),
	} {
		var svg bytes.Buffer
		if err := f.SVG(&svg); err != nil {
			t.Error(err)
		}
		if s := svg.String(); !strings.Contains(s, ">nothing ") && !strings.Contains(s, ">no ") && !strings.Contains(s, ">there are no ") {
			t.Errorf("%s: %s", name, s)
		}
	}
}

func TestOneEpochAndDroppedOperationsCanBeDrawn(t *testing.T) {
	at := shares(1)
	at[0][3] = at[0][3][:5] // an edge with fewer operations
	at[0][4][2] = math.NaN()
	for name, f := range map[string]Figure{
		"alphas": Alphas("", operations, at[0], at[0]), "history": AlphaHistory("", operations, nil, at), "lines": AlphaLines("", operations, nil, at),
		"curves": Curves(Chart{Series: []Series{{Y: []float64{0.5}}}}),
	} {
		var svg bytes.Buffer
		if err := f.SVG(&svg); err != nil {
			t.Error(err)
		}
		if s := svg.String(); strings.Contains(s, "NaN") || strings.Contains(s, "Inf") {
			t.Errorf("%s: a coordinate is not a number", name)
		}
	}
}

func TestNoTextBeginsWithASpaceThatViewersWouldDrop(t *testing.T) {
	for name, f := range gallery() {
		var svg bytes.Buffer
		if err := f.SVG(&svg); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(svg.String(), "> ") {
			t.Errorf("%s has text that begins with a space", name)
		}
	}
}

func TestGoldenFigures(t *testing.T) {
	for _, name := range []string{"confusion", "history"} {
		var got bytes.Buffer
		if err := gallery()[name].PNG(&got); err != nil {
			t.Fatal(err)
		}
		file := "testdata/" + name + ".png"
		if *update {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// Processors round differently; a tenth of full scale in any pixel is more than that.
		if same, err := cmpimg.EqualApprox("png", got.Bytes(), want, 0.1); err != nil || !same {
			t.Errorf("%s differs from %s (%v); go test -update writes it anew", name, file, err)
		}
	}
}

func TestTheRampGetsDarkerAllTheWay(t *testing.T) {
	last := 256.0
	for i := range 101 {
		c := ramp(float64(i) / 100)
		lightness := 0.299*float64(c.R) + 0.587*float64(c.G) + 0.114*float64(c.B)
		if lightness >= last {
			t.Errorf("at %d %% the lightness is %.1f, no less than the %.1f before it", i, lightness, last)
		}
		last = lightness
	}
}

func TestOperationsHaveColoursOfTheirOwn(t *testing.T) {
	seen := make(map[color.NRGBA]string)
	for _, op := range operations {
		if other, ok := seen[OperationColor(op)]; ok {
			t.Errorf("%s and %s have the same colour", op, other)
		}
		seen[OperationColor(op)] = op
	}
}

func TestPictureReadsChannelsOfAPixelTogether(t *testing.T) {
	p := Picture([]uint8{1, 2, 3, 4, 5, 6}, 1, 2, 3)
	if got := p.At(1, 0); got != (color.NRGBA{4, 5, 6, 255}) {
		t.Errorf("the right pixel is %v, want 4, 5, 6", got)
	}
	if got := Picture([]uint8{9}, 1, 1, 1).At(0, 0); got != (color.NRGBA{9, 9, 9, 255}) {
		t.Errorf("a grey pixel of 9 is %v", got)
	}
	if p.Bounds() != image.Rect(0, 0, 2, 1) {
		t.Errorf("bounds are %v, want 2 wide and 1 high", p.Bounds())
	}
}

func TestTicksAreRoundAndInside(t *testing.T) {
	for _, c := range []struct {
		ticks     ticks
		low, high float64
		want      string
	}{
		{ticks{n: 6}, 0, 2.5, "0.0 0.5 1.0 1.5 2.0 2.5"},
		{ticks{n: 6}, -0.4, 0.4, "-0.4 -0.2 0.0 0.2 0.4"},
		{ticks{n: 4}, 0.121, 0.129, "0.122 0.124 0.126 0.128"},
		{ticks{n: 7, whole: true}, 1, 2, "1 2"},
		{ticks{n: 7}, 1, 600, "100 200 300 400 500 600"},
		{ticks{n: 3}, 0, 3e6, "0 1e+06 2e+06 3e+06"},
		{ticks{n: 7}, 1.2, math.Nextafter(1.2, 2), "1.2"},
		{ticks{n: 7}, 0, 0, "0"},
	} {
		var labels []string
		for _, tick := range c.ticks.Ticks(c.low, c.high) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("from %g to %g: %s, want %s", c.low, c.high, got, c.want)
		}
	}
}

func TestPercentNeverRoundsToCertainty(t *testing.T) {
	for share, want := range map[float64]string{1: "100.0 %", 0.99999999: "99.99 %", 0.5: "50.0 %", 0.0123: "1.23 %", 1e-9: "< 0.01 %", 0: "0.00 %"} {
		if got := percent(share); got != want {
			t.Errorf("%g is %q, want %q", share, got, want)
		}
	}
}

func TestCurvesOfValuesThatDifferByRounding(t *testing.T) {
	for _, y := range [][]float64{{1.2, math.Nextafter(1.2, 2)}, {0, 0}, {-3, -3}, {1e-12, 2e-12}} {
		if err := Curves(Chart{Title: "flat", X: "epoch", Y: "loss", Series: []Series{{Name: "a", Y: y}}}).SVG(io.Discard); err != nil {
			t.Errorf("%v: %v", y, err)
		}
	}
}

func TestAShuffleReadsGroupsInTurn(t *testing.T) {
	if got := shuffled(8, 4); !slices.Equal(got, []int{0, 2, 4, 6, 1, 3, 5, 7}) {
		t.Errorf("8 channels in 4 groups come as %v", got)
	}
}

func TestCorrelationsOfBothSignsDifferInHueAndZeroIsWhite(t *testing.T) {
	if c := diverging(0); c != (color.NRGBA{0xff, 0xff, 0xff, 0xff}) {
		t.Errorf("zero is %v", c)
	}
	if p, n := diverging(0.8), diverging(-0.8); p.B <= p.R || n.R <= n.B {
		t.Errorf("0.8 is %v and -0.8 is %v, want blue and red", p, n)
	}
}

func TestIntervalsMuchWiderThanTheValuesDoNotSquashThem(t *testing.T) {
	low, high := reach([]Sample{{Values: []float64{90, 94}, Mean: 92, Low: 0, High: 200}})
	// the values span 4; the axis adds half of that on each side, and a margin
	if low < 87 || low > 88 || high < 96 || high > 97 {
		t.Errorf("the axis goes from %g to %g", low, high)
	}
	if low, high := reach([]Sample{{Values: []float64{90, 94}, Mean: 92, Low: 91, High: 93}}); low > 90 || low < 89 || high < 94 || high > 95 {
		t.Errorf("without need the axis goes from %g to %g", low, high)
	}
	if low, _ := reach([]Sample{{Values: []float64{0, 30}, Mean: 15, Low: -40, High: 70}}); low < -3 {
		t.Errorf("times go down to %g", low)
	}
}
