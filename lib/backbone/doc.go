// Package backbone contains the parts that search networks and found networks share: stem, sequence
// of cells, head. The caller supplies the edges of a cell.
//
// Package cell describes cells and genotypes without linking a backend; this package turns them
// into calls of blocks.
package backbone
