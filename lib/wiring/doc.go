// Package wiring is the part that search networks and found networks share: stem, cells in sequence, head. What runs on an edge of a cell is the caller's.
//
// What a cell and its genotype are says package cell, which links no backend; here they become calls of blocks.
package wiring
