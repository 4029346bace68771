package feature

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/score/internal/finite"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"golang.org/x/sync/errgroup"
)

// Neighbours holds the rows of a bank that are nearest to each query, in falling order of
// similarity. Of equally similar rows the first comes first.
type Neighbours struct {
	Index      [][]int32   // [queries][k], rows of the bank
	Similarity [][]float32 // [queries][k], cosine similarities in -1..1
}

// together is the number of queries that one call compares with the bank.
const together = 256

// Nearest finds the k nearest neighbours of queries [m][d] among bank [n][d] by cosine similarity,
// or all n if the bank has fewer than k. The backend computes the products.
//
// Nearest returns an error if the bank is empty, if k is below 1, if the rows differ in length, if
// a feature is not finite, if the backend fails, or if ctx ends.
func Nearest(ctx context.Context, b compute.Backend, bank, queries [][]float32, k int) (near Neighbours, err error) {
	if len(bank) == 0 || k < 1 {
		return near, fmt.Errorf("%d neighbours of %d rows can't be found: give at least one row, and ask for at least one neighbour", k, len(bank))
	}
	n, d := len(bank), len(bank[0])
	for _, rows := range [][][]float32{bank, queries} {
		for i, r := range rows {
			if len(r) != d {
				return near, fmt.Errorf("row %d has %d features, other rows have %d: compare features of one network", i, len(r), d)
			}
			if err := finite.Check(r, "row", i, "feature"); err != nil {
				return near, err
			}
		}
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("comparing %d features with %d: %v", len(queries), n, p)
		}
	}()
	g := graph.NewGraph(b, "similarity")
	defer g.Finalize()
	rows := graph.Parameter(g, "bank", shapes.Make(dtypes.Float32, n, d))
	some := graph.Parameter(g, "queries", shapes.Make(dtypes.Float32, together, d))
	if err := g.Compile(graph.DotGeneral(some, []int{1}, nil, rows, []int{1}, nil)); err != nil {
		return near, err
	}
	of := tensors.FromFlatDataAndDimensions(unit(bank, n, d), n, d)
	defer of.MustFinalizeAll()
	k = min(k, n)
	near.Index, near.Similarity = make([][]int32, len(queries)), make([][]float32, len(queries))
	var sorting errgroup.Group
	sorting.SetLimit(4)
	for from := 0; from < len(queries); from += together {
		if err := ctx.Err(); err != nil {
			return near, errors.Join(err, sorting.Wait())
		}
		to := min(from+together, len(queries))
		q := tensors.FromFlatDataAndDimensions(unit(queries[from:to], together, d), together, d)
		out := g.Run(of, q)[0]
		similarity := tensors.MustCopyFlatData[float32](out)
		out.MustFinalizeAll()
		q.MustFinalizeAll()
		sorting.Go(func() error {
			for i := from; i < to; i++ {
				near.Index[i], near.Similarity[i] = largest(similarity[(i-from)*n:(i-from+1)*n], k)
			}
			return nil
		})
	}
	return near, sorting.Wait()
}

// unit scales the rows to length 1 and writes them one after the other, padded with zeros to n
// rows. Rows of zeros stay zero.
func unit(rows [][]float32, n, d int) []float32 {
	flat := make([]float32, n*d)
	for i, r := range rows {
		sum := 0.0
		for _, x := range r {
			sum += float64(x) * float64(x)
		}
		if sum == 0 {
			continue
		}
		scale := 1 / math.Sqrt(sum)
		for j, x := range r {
			flat[i*d+j] = float32(float64(x) * scale)
		}
	}
	return flat
}

// largest returns the k largest values in falling order and their indices. Of equal values the
// first comes first.
func largest(values []float32, k int) (index []int32, top []float32) {
	index, top = make([]int32, 0, k), make([]float32, 0, k)
	for i, x := range values {
		if len(top) == k {
			if !(x > top[k-1]) {
				continue
			}
			index, top = index[:k-1], top[:k-1]
		}
		low, high := 0, len(top) // the first index with a smaller value
		for low < high {
			if m := (low + high) / 2; top[m] < x {
				high = m
			} else {
				low = m + 1
			}
		}
		index, top = append(index, 0), append(top, 0)
		copy(index[low+1:], index[low:])
		copy(top[low+1:], top[low:])
		index[low], top[low] = int32(i), x
	}
	return index, top
}

// Vote returns the score of each class for each query, [queries][classes], in 0..1. The first k
// neighbours vote for their label, labels [bank], with the weight exp(similarity / temperature).
// The votes of a query are divided by their sum (arXiv:1805.01978, section 3.4).
func (near Neighbours) Vote(labels []uint8, classes, k int, temperature float64) [][]float32 {
	all := make([][]float32, len(near.Index))
	for i, index := range near.Index {
		votes, sum := make([]float64, classes), 0.0
		for j, n := range index[:min(k, len(index))] {
			w := math.Exp(float64(near.Similarity[i][j]-near.Similarity[i][0]) / temperature)
			votes[labels[n]] += w
			sum += w
		}
		all[i] = make([]float32, classes)
		for c, v := range votes {
			all[i][c] = float32(v / sum)
		}
	}
	return all
}

// Hits counts the rows of scores [n][classes] whose largest score belongs to the label, labels [n].
// Of equal scores the first class counts.
func Hits(scores [][]float32, labels []uint8) (hits int) {
	for i, row := range scores {
		if score.TopK(row, 1)[0] == int(labels[i]) {
			hits++
		}
	}
	return hits
}
