// Package several tests what the devices of a data-parallel engine compute together against PyTorch and against one device. It is a package of its own
// because a process decides once how many devices its CPU is shown as.
package several
