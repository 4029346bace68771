package cell

// published holds the texts character by character as in the named repositories, so that they can
// be compared.
var published = []struct{ name, source, text string }{
	{
		// First order; CIFAR-10. The same text stands in P-DARTS' and PC-DARTS' genotypes.py.
		"DARTS_V1", "https://github.com/quark0/darts/blob/master/cnn/genotypes.py",
		`Genotype(normal=[('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 0), ('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 0), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('avg_pool_3x3', 0)], reduce_concat=[2, 3, 4, 5])`,
	}, {
		// Second order; CIFAR-10.
		"DARTS_V2", "https://github.com/quark0/darts/blob/master/cnn/genotypes.py",
		`Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])`,
	}, {
		// Progressive search (arXiv:1904.12760); CIFAR-10.
		"PDARTS", "https://github.com/chenxin061/pdarts/blob/master/genotypes.py",
		`Genotype(normal=[('skip_connect', 0), ('dil_conv_3x3', 1), ('skip_connect', 0),('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('sep_conv_3x3', 3), ('sep_conv_3x3',0), ('dil_conv_5x5', 4)], normal_concat=range(2, 6), reduce=[('avg_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('dil_conv_5x5', 2), ('max_pool_3x3', 0), ('dil_conv_3x3', 1), ('dil_conv_3x3', 1), ('dil_conv_5x5', 3)], reduce_concat=range(2, 6))`,
	}, {
		// Partial channels (arXiv:1907.05737), searched on CIFAR-10.
		"PC_DARTS_cifar", "https://github.com/yuhuixu1993/PC-DARTS/blob/master/genotypes.py",
		`Genotype(normal=[('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 0), ('dil_conv_3x3', 1), ('sep_conv_5x5', 0), ('sep_conv_3x3', 1), ('avg_pool_3x3', 0), ('dil_conv_3x3', 1)], normal_concat=range(2, 6), reduce=[('sep_conv_5x5', 1), ('max_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 2), ('sep_conv_3x3', 0), ('sep_conv_3x3', 3), ('sep_conv_3x3', 1), ('sep_conv_3x3', 2)], reduce_concat=range(2, 6))`,
	}, {
		// Partial channels, searched on ImageNet.
		"PC_DARTS_image", "https://github.com/yuhuixu1993/PC-DARTS/blob/master/genotypes.py",
		`Genotype(normal=[('skip_connect', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 0), ('skip_connect', 1), ('sep_conv_3x3', 1), ('sep_conv_3x3', 3), ('sep_conv_3x3', 1), ('dil_conv_5x5', 4)], normal_concat=range(2, 6), reduce=[('sep_conv_3x3', 0), ('skip_connect', 1), ('dil_conv_5x5', 2), ('max_pool_3x3', 1), ('sep_conv_3x3', 2), ('sep_conv_3x3', 1), ('sep_conv_5x5', 0), ('sep_conv_3x3', 3)], reduce_concat=range(2, 6))`,
	},
}

// Published returns the cell of a paper under the name in its repository; ok is false for an
// unknown name.
func Published(name string) (Genotype, bool) {
	for _, p := range published {
		if p.name == name {
			g, err := Parse(p.text)
			if err != nil {
				panic("published genotype " + name + ": " + err.Error())
			}
			return g, true
		}
	}
	return Genotype{}, false
}

// PublishedNames lists the names that [Published] knows.
func PublishedNames() []string {
	names := make([]string, len(published))
	for i, p := range published {
		names[i] = p.name
	}
	return names
}

// Source is the address of a published genotype; empty for a name that [Published] does not know.
func Source(name string) string {
	for _, p := range published {
		if p.name == name {
			return p.source
		}
	}
	return ""
}
