// Package cell describes the result of a search: the cell, and the genotype that names its
// operations.
//
// # The cell
//
// A network of the DARTS family (arXiv:1806.09055) is a stack of cells. A cell has 7 nodes,
// numbered as in the literature:
//
//	0  c_{k-2}  the output of the cell before the last one
//	1  c_{k-1}  the output of the last cell
//	2..5        four states; in the drawings they are called 0, 1, 2 and 3
//	6  c_{k}    the output: the states, concatenated along the channels
//
// Each state reads from nodes before it. In a search, all 14 edges from nodes 0..4 to states 2..5
// exist, and each carries a mixture of operations. In a found cell, each state keeps two of its
// edges, and each edge one operation.
//
// There are two types of cell. Normal cells keep height and width. The two reduction cells, at 1/3
// and 2/3 of the depth, halve both and double the channels: edges from nodes 0 and 1 have stride 2.
// All cells of a type share their operations.
//
// # The search space
//
// A [Space] lists the operations of an edge and has the number of states of a cell. [DARTS] has
// eight operations and four states. Other spaces have two or more of [Operations] and two to five
// states. Beside the eight there are capsules with three routings. The iterative routings run once,
// twice (without a number in the name) or three times. The names in a genotype thus determine all
// computations of its network. [Lookup] finds the kind and the windows of an operation. Kind and
// windows determine its graph (package ops), its reach and its shape measures, so no other code
// depends on an operation's name.
//
// # The genotype
//
// A [Genotype] lists the edges of both cell types. State i (counted from 0) owns genes 2i and 2i+1.
// A [Gene] is an operation and the node that it reads from. Its operation is one of [Operations]
// except none, whose output is zero.
//
// [Parse] reads the two usual forms of genotypes and returns an error that names the first fault.
// JSON:
//
//	{"normal": [["sep_conv_3x3", 0], ["sep_conv_3x3", 1], ...], "normal_concat": [2, 3, 4, 5],
//	 "reduce": [...], "reduce_concat": [2, 3, 4, 5]}
//
// and the Python text in the logs and in genotypes.py of DARTS, P-DARTS, PC-DARTS and related
// projects:
//
//	Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ...], normal_concat=range(2, 6),
//	         reduce=[...], reduce_concat=range(2, 6))
//
// [Genotype.Python] and encoding/json write them. [Random] draws one. [Load] takes a file in either
// form or the name of a published cell (see [PublishedNames]). [ShapeOf] counts its skip
// connections and its depth.
package cell
