package analysis

import "github.com/essnas/essnas/lib/cell"

// span is the receptive field of an array along one axis: position i depends on the pixels jump*i +
// low to jump*i + high.
type span struct{ low, high, jump int }

func (s span) size() int { return s.high - s.low + 1 }

// see returns the span after a window of size positions, dilation apart, which begins pad positions
// before its centre.
func (s span) see(size, dilation, pad, stride int) span {
	return span{s.low - pad*s.jump, s.high + (dilation*(size-1)-pad)*s.jump, s.jump * stride}
}

// and returns the union of two spans with the same jump.
func (s span) and(t span) span { return span{min(s.low, t.low), max(s.high, t.high), s.jump} }

// operate returns the span after an operation, whose first window has the stride. A skip connection
// of stride 2 is a factorized reduce, which reads each position and its diagonal neighbour.
func (s span) operate(name string, stride int) span {
	o, _ := cell.Lookup(name)
	if o.Kind == cell.Identity && stride == 2 {
		return s.see(2, 1, 0, 2)
	}
	for _, w := range o.Windows {
		s, stride = s.see(w.Size, w.Dilation, w.Reach()/2, stride), 1
	}
	return s
}

// outputs returns the span of a cell's output, given those of its inputs.
func outputs(genes []cell.Gene, concat []int, in [2]span, stride int) span {
	nodes := in[:]
	for i := 0; i < len(genes); i += 2 {
		var both [2]span
		for j := range both {
			gene, s := genes[i+j], 1
			if gene.From < cell.Inputs {
				s = stride
			}
			both[j] = nodes[gene.From].operate(gene.Op, s)
		}
		nodes = append(nodes, both[0].and(both[1]))
	}
	out := nodes[concat[0]]
	for _, node := range concat[1:] {
		out = out.and(nodes[node])
	}
	return out
}

// Field is the receptive field of a network with the given number of cells and a valid genotype:
// the side, in pixels, of the square of the image that a position of the last cell's output depends
// on. It may exceed the image. The network has a 3x3 stem and reductions at 1/3 and 2/3 of the
// depth. A cell after a reduction reads the cell before it through a factorized reduce.
func Field(g cell.Genotype, cells int) int {
	stem := span{jump: 1}.see(3, 1, 1, 1)
	s0, s1 := stem, stem
	for i := range cells {
		typ, stride := 0, 1
		if i == cells/3 || i == 2*cells/3 {
			typ, stride = 1, 2
		}
		if s0.jump != s1.jump {
			s0 = s0.operate(cell.Skip, 2)
		}
		genes, concat := g.Cell(typ)
		s0, s1 = s1, outputs(genes, concat, [2]span{s0, s1}, stride)
	}
	return s1.size()
}
