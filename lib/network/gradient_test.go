package network

import (
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/block/blocktest"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit"
)

// The test covers every block of a found network in training: all operations in a normal and a
// reduction cell, drop path, stem, preprocessing, auxiliary tower and loss.
func TestGradientsOfEveryBlock(t *testing.T) {
	e := block.NewEngine(backendtest.Open(t).Backend)
	genes := func(from int) (g []cell.Gene) { // eight edges, seven operations
		for i := range 2 * cell.States {
			g = append(g, cell.Gene{Op: cell.Primitives[1+i%7], From: (i + from) % 2})
		}
		return
	}
	concat := []int{2, 3, 4, 5}
	n := New(cell.Genotype{Normal: genes(0), NormalConcat: concat, Reduce: genes(1), ReduceConcat: concat}, 3, 4, 3, 1, 24, 4, true)
	n.Auxiliary = [2]int{4, 6}
	masks := n.NewMasks(&block.Engine{}, 0.3, fit.Random(1, "drop path", 0, 0))
	defer masks.Free()
	seen := map[string]bool{}
	for _, c := range block.NewPlan(func(r block.Runner) {
		out := n.Run(r, &block.Value{}, masks)
		r.Call("", fit.CrossEntropy(3, 4), []*block.Value{out.Logits, {}}, nil)
	}).Calls {
		if !seen[c.Block.Name] {
			seen[c.Block.Name] = true
			t.Run(c.Block.Name, func(t *testing.T) { blocktest.Gradients(t, e, c.Block) })
		}
	}
}
