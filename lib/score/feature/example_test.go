package feature_test

import (
	"context"
	"fmt"

	"github.com/essnas/essnas/lib/score/feature"
)

// A linear probe of six images with two features.
func ExampleFitLinear() {
	features := [][]float32{{0, 1}, {1, 0}, {1, 1}, {4, 5}, {5, 4}, {5, 5}}
	labels := []uint8{0, 0, 0, 1, 1, 1}
	probe, err := feature.FitLinear(context.Background(), features, labels, 2, 0.01, nil)
	if err != nil {
		panic(err)
	}
	scores := probe.Logits(features)
	fmt.Println(feature.Hits(scores, labels), "of", len(labels), "right")
	// Output: 6 of 6 right
}

// Three neighbours vote; the nearer ones have more weight at a low temperature.
func ExampleNeighbours_Vote() {
	near := feature.Neighbours{
		Index:      [][]int32{{2, 0, 1}}, // one query
		Similarity: [][]float32{{0.9, 0.7, 0.6}},
	}
	labels := []uint8{0, 0, 1} // of the bank
	fmt.Printf("%.2f\n", near.Vote(labels, 2, 3, 1))
	fmt.Printf("%.2f\n", near.Vote(labels, 2, 3, 0.07))
	// Output:
	// [[0.61 0.39]]
	// [[0.07 0.93]]
}
