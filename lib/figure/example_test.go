package figure_test

import (
	"bytes"
	"fmt"

	"github.com/essnas/essnas/lib/figure"
)

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
	var picture bytes.Buffer
	if err := f.PNG(&picture); err != nil {
		panic(err)
	}
	fmt.Println(picture.Len() > 0)
	// Output: true
}
