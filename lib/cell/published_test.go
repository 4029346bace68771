package cell

import "testing"

// countWeights counts the weights of the papers' CIFAR network with a formula that is independent
// of the code that builds networks.
func countWeights(g Genotype, channels, cells, classes int, auxiliary bool) int {
	pointwise := func(in, out int) int { return in*out + 2*out } // with its norm
	operation := func(op string, c, stride int) int {
		switch op {
		case "sep_conv_3x3":
			return 2 * (9*c + pointwise(c, c))
		case "sep_conv_5x5":
			return 2 * (25*c + pointwise(c, c))
		case "dil_conv_3x3":
			return 9*c + pointwise(c, c)
		case "dil_conv_5x5":
			return 25*c + pointwise(c, c)
		case "skip_connect":
			return (stride - 1) * pointwise(c, c)
		}
		return 0 // pools
	}
	last := 3 * channels
	total, beforeLast, c := 27*last+2*last, last, channels
	for i := range cells {
		genes, concat, stride := g.Normal, g.NormalConcat, 1
		if i == cells/3 || i == 2*cells/3 {
			genes, concat, stride, c = g.Reduce, g.ReduceConcat, 2, 2*c
		}
		total += pointwise(beforeLast, c) + pointwise(last, c)
		for _, gene := range genes {
			if gene.From < Inputs {
				total += operation(gene.Op, c, stride)
			} else {
				total += operation(gene.Op, c, 1)
			}
		}
		beforeLast, last = last, c*len(concat)
		if auxiliary && i == 2*cells/3 {
			total += pointwise(last, 128) + pointwise(4*128, 768) + 768*classes + classes
		}
	}
	return total + last*classes + classes
}

// The numbers are those of NetworkCIFAR(36, 10, 20, auxiliary, genotype) in github.com/quark0/darts
// at f276dd346a09, summed over its parameters in PyTorch. The papers report 3.3, 3.4 and 3.6 M for
// DARTS, P-DARTS and PC-DARTS.
func TestPublishedCellsHaveThePapersNumberOfWeights(t *testing.T) {
	for name, want := range map[string][2]int{
		"DARTS_V1":       {3_169_414, 3_645_840},
		"DARTS_V2":       {3_349_342, 3_825_768},
		"PDARTS":         {3_433_798, 3_910_224},
		"PC_DARTS_cifar": {3_634_678, 4_111_104},
		"PC_DARTS_image": {3_721_510, 4_197_936},
	} {
		g, ok := Published(name)
		if !ok {
			t.Errorf("%s is not published", name)
			continue
		}
		if got := [2]int{countWeights(g, 36, 20, 10, false), countWeights(g, 36, 20, 10, true)}; got != want {
			t.Errorf("%s: %d weights without and with the auxiliary tower, want %d", name, got, want)
		}
	}
}

func TestEveryPublishedCellReadsAndHasASource(t *testing.T) {
	for _, name := range PublishedNames() {
		if g, ok := Published(name); !ok || g.Validate() != nil || Source(name) == "" {
			t.Errorf("%s: %v, source %q", name, g, Source(name))
		}
	}
	if _, ok := Published("nobody's"); ok || Source("nobody's") != "" {
		t.Error("a genotype that nobody published was found")
	}
}
