package cell

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Space is a search space: the operations of an edge in the order of alphas, and the number of
// states of a cell.
type Space struct {
	Operations []string
	States     int
}

// Bounds of the number of states.
const (
	MinStates = 2
	MaxStates = 5
)

// DARTS is the search space of arXiv:1806.09055, section 3.1.1: eight operations and four states.
// It contains all published cells of the family.
func DARTS() Space { return Space{Operations: slices.Clone(Primitives), States: States} }

// IsDARTS reports whether the space is that of DARTS.
func (s Space) IsDARTS() bool { return s.States == States && slices.Equal(s.Operations, Primitives) }

// Validate returns an error that names the fault of a space that can't be searched: the number of
// states, an operation that is unknown, repeated or out of order, or fewer than two operations.
func (s Space) Validate() error {
	if s.States < MinStates || s.States > MaxStates {
		return fmt.Errorf("a cell of %d states: want %d to %d", s.States, MinStates, MaxStates)
	}
	last := -1
	for _, name := range s.Operations {
		at := slices.IndexFunc(operations, func(o Operation) bool { return o.Name == name })
		if at < 0 {
			return fmt.Errorf("unknown operation %q; the operations are %s", name, strings.Join(Operations(), ", "))
		}
		if at <= last {
			return fmt.Errorf("operation %s is repeated or out of order; the order is %s", name, strings.Join(Operations(), ", "))
		}
		last = at
	}
	if len(s.Operations) < 2 || len(s.Choices()) == 0 {
		return fmt.Errorf("operations %s: a search needs two to choose from, one of which is not none", strings.Join(s.Operations, ", "))
	}
	return nil
}

// Choices returns the operations of found cells: all but none.
func (s Space) Choices() (names []string) {
	for _, name := range s.Operations {
		if !IsNone(name) {
			names = append(names, name)
		}
	}
	return
}

// Edges is the number of edges of a cell in a search network: state n, counted from 0, has an edge
// from each of its n + 2 preceding nodes.
func (s Space) Edges() int { return s.States*Inputs + s.States*(s.States-1)/2 }

// Links returns all edges of a cell by target, 0-2 1-2 0-3 1-3 2-3 ..., the order of alphas and
// betas.
func (s Space) Links() (all []Link) {
	for to := Inputs; to < Inputs+s.States; to++ {
		for from := range to {
			all = append(all, Link{from, to})
		}
	}
	return
}

// Complete is the topology of a search network's cells: all edges, and all states in the output.
func (s Space) Complete() Topology {
	return Topology{States: s.States, Links: s.Links(), Concat: concat(s.States)}
}

// concat returns the nodes of the given number of states.
func concat(states int) (nodes []int) {
	for i := range states {
		nodes = append(nodes, Inputs+i)
	}
	return
}

// StatesOf is the inverse of [Space.Edges]: the number of states of a cell with the given number of
// edges, or 0 if no cell has it.
func StatesOf(edges int) int {
	for states := 1; ; states++ {
		switch n := (Space{States: states}).Edges(); {
		case n == edges:
			return states
		case n > edges:
			return 0
		}
	}
}

// Random draws a genotype of the space, each with the same probability: for each state two
// different preceding nodes, and for both edges an operation other than none. Random search draws
// such genotypes. It is the baseline of every search (Li and Talwalkar, arXiv:1902.07638; Yang et
// al., arXiv:1912.12522).
func (s Space) Random(r *rand.Rand) Genotype {
	return Genotype{Normal: s.randomGenes(r), NormalConcat: concat(s.States), Reduce: s.randomGenes(r), ReduceConcat: concat(s.States)}
}

func (s Space) randomGenes(r *rand.Rand) (genes []Gene) {
	choices := s.Choices()
	for state := range s.States {
		from := r.Perm(Inputs + state)[:2]
		slices.Sort(from)
		for _, node := range from {
			genes = append(genes, Gene{choices[r.IntN(len(choices))], node})
		}
	}
	return genes
}

// Contains returns an error that names the first part of a valid genotype outside the space.
func (s Space) Contains(g Genotype) error {
	if g.States() != s.States {
		return fmt.Errorf("the cell has %d states, and those of the space have %d", g.States(), s.States)
	}
	for _, genes := range [][]Gene{g.Normal, g.Reduce} {
		for _, gene := range genes {
			if !slices.Contains(s.Operations, gene.Op) {
				return fmt.Errorf("the cell contains %s, but the space's operations are %s", gene.Op, strings.Join(s.Operations, ", "))
			}
		}
	}
	return nil
}
