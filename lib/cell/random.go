package cell

import (
	"math/rand/v2"
	"slices"
)

// Random draws a genotype of the search space, all equally probable: for each state two different nodes before it, on each of the two edges any operation but
// none. It is what random search samples, the baseline that a search has to beat (Li and Talwalkar, arXiv:1902.07638; Yang et al., arXiv:1912.12522).
func Random(r *rand.Rand) Genotype {
	all := []int{2, 3, 4, 5}
	return Genotype{Normal: randomGenes(r), NormalConcat: all, Reduce: randomGenes(r), ReduceConcat: slices.Clone(all)}
}

func randomGenes(r *rand.Rand) (genes []Gene) {
	for state := range States {
		from := r.Perm(Inputs + state)[:2]
		slices.Sort(from)
		for _, node := range from {
			genes = append(genes, Gene{Primitives[1+r.IntN(len(Primitives)-1)], node})
		}
	}
	return genes
}
