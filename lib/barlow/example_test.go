package barlow_test

import (
	"context"
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/barlow"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/settings"
)

// The identity has loss 0. Redundant features cost lambda per pair.
func ExampleTerms() {
	for _, c := range [][][]float64{
		{{1, 0}, {0, 1}}, // equal views, independent features
		{{0, 0}, {0, 0}}, // views that share nothing
		{{1, 1}, {1, 1}}, // two features with the same information
	} {
		invariance, redundancy := barlow.Terms(c, settings.Lambda)
		fmt.Printf("%v: %g + %g\n", c, invariance, redundancy)
	}
	// Output:
	// [[1 0] [0 1]]: 0 + 0
	// [[0 0] [0 0]]: 2 + 0
	// [[1 1] [1 1]]: 0 + 0.0102
}

// The second features of the two views are opposite, which costs (1 - (-1))^2.
func ExampleLoss() {
	opened, err := backend.Open(context.Background(), backend.Options{Choice: backend.CPU})
	if err != nil {
		panic(err)
	}
	engine := block.NewEngine(opened.Backend)
	// [features, images]
	a := block.NewValue(tensors.FromValue([][]float32{{1, 1, -1, -1}, {1, -1, 1, -1}}))
	b := block.NewValue(tensors.FromValue([][]float32{{1, 1, -1, -1}, {-1, 1, -1, 1}}))

	tape := block.NewTape(engine, nil, block.Train, block.Joint)
	defer tape.Close()
	loss := tape.Call("", barlow.Loss(2, 4, settings.Lambda), []*block.Value{a, b}, nil)[0]
	if err := tape.Run(); err != nil {
		panic(err)
	}
	fmt.Printf("loss %.3f\n", loss.Floats()[0])
	// Output: loss 4.000
}
