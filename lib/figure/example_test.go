package figure_test

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"regexp"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/essnas/essnas/lib/figure"
)

// words returns the size and the texts of a figure.
func words(f figure.Figure) string {
	var svg bytes.Buffer
	if err := f.SVG(&svg); err != nil {
		panic(err)
	}
	var all []string
	for _, text := range regexp.MustCompile(`<text[^>]*>([^<]*)</text>`).FindAllStringSubmatch(svg.String(), -1) {
		all = append(all, html.UnescapeString(text[1]))
	}
	width, height := f.Size()
	return fmt.Sprintf("%.0f x %.0f points: %s", width.Points(), height.Points(), strings.Join(all, "|"))
}

func ExampleCurves() {
	f := figure.Curves(figure.Chart{
		Title: "Loss", X: "epoch", Y: "cross-entropy (nats)",
		Series: []figure.Series{
			{Name: "training", Y: []float64{2.3, 1.7, 1.2, 0.9}},
			{Name: "validation", X: []float64{2, 4}, Y: []float64{1.8, 1.1}},
		},
	})
	var svg bytes.Buffer // or a file
	if err := f.SVG(&svg); err != nil {
		panic(err)
	}
	width, height := f.Size()
	fmt.Printf("%g x %g points\n", width.Points(), height.Points())
	// Output: 370 x 240 points
}

func ExampleConfusion() {
	f := figure.Confusion([]string{"cat", "dog"}, [][]int{
		{9, 1}, // one of 10 cats is taken for a dog
		{0, 10},
	})
	fmt.Println(words(f))
	// Output: 176 x 104 points: Confusion matrix|predicted class (colour: share of the true class)|true class|cat|dog|cat|9|1|dog|10|0.0|0.2|0.4|0.6|0.8|1.0
}

// The bars of operations have the colours of the operations.
func ExampleBars() {
	fmt.Println(words(figure.Bars(figure.BarPanel{Title: "Weights", Unit: "million", Bars: []figure.Bar{
		{Name: "sep_conv_3x3", Value: 4.7, Label: "4.70"},
		{Name: "skip_connect", Value: 1.45, Label: "1.45"},
	}})))
	// Output: 352 x 84 points: Weights|million|sep_conv_3x3|4.70|skip_connect|1.45
}

// The cross-correlation of two views, rows of one view against columns of the other.
func ExampleCorrelation() {
	fmt.Println(words(figure.Correlation("Two views", "view a", "view b", [][]float64{{0.9, 0.1}, {-0.2, 0.8}})))
	// Output: 146 x 102 points: Two views|view b|view a|0.90|0.10|-0.20|0.80|1|0.5|0|−0.5|−1
}

// The weights of two operations on one edge over three epochs. The edge drops the second operation.
func ExampleAlphaHistory() {
	f := figure.AlphaHistory("Alphas", []string{"skip_connect", "sep_conv_3x3"}, nil, [][][]float64{
		// [epoch][edge][operation]
		{{0.5, 0.5}, {0.5, 0.5}}, {{0.6, 0.4}, {0.3, 0.7}}, {{1, math.NaN()}, {0.2, 0.8}},
	})
	fmt.Println(words(f))
	// Output: 308 x 152 points: Alphas|each map: one edge; to the right: epochs; colour: softmax(alpha); grey: the edge does not have the operation (any more)|epoch|1|2|3|skip_connect|sep_conv_3x3|c|k-2|→ 0|epoch|1|2|3|c|k-1|→ 0|0.2|0.4|0.6|0.8|1.0
}

// Accuracies over seeds with the mean and its interval.
func ExampleDots() {
	fmt.Println(words(figure.Dots("Accuracy", "top-1 (%)", "", []figure.Sample{
		{Name: "searched", Values: []float64{97.1, 97.3, 97.2}, Mean: 97.2, Low: 96.95, High: 97.45},
		{Name: "random", Values: []float64{96.8, 97.0, 97.2}, Mean: 97, Low: 96.5, High: 97.5, Class: 1},
	})))
	// Output: 560 x 100 points: Accuracy|top-1 (%)|96.6|96.8|97.0|97.2|97.4|searched|random
}

// Of 4 channels the first half passes through the mixed operation.
func ExamplePartialChannels() {
	fmt.Println(words(figure.PartialChannels(4, 2)))
	// Output: 494 x 128 points: in|out|shuffled|4 channels, K = 2: 2 of them go through the operations|Σ softmax(α) o(x)|by-pass
}

// A drawing by the caller above a note.
func ExampleStack() {
	circle := figure.New(80, 40, func(c draw.Canvas) {
		c.DrawGlyph(draw.GlyphStyle{Color: figure.OperationColor("sep_conv_3x3"), Radius: 10, Shape: draw.CircleGlyph{}}, c.Center())
		c.FillText(figure.Text(9), vg.Point{X: c.Min.X, Y: c.Min.Y}, "c_{k-2}")
	})
	fmt.Println(words(figure.Stack(circle, figure.Note("The first input of a cell."))))
	// Output: 740 x 62 points: c|k-2|The first input of a cell.
}
