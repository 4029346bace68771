// Package memory tells what memory a run needs, before it starts and without compiling anything, and what there is.
//
// # What a run needs
//
// A [Need] is made of what is known: the images, the weights with what an optimizer remembers beside them, and the arrays of the largest pass, which block.Engine's
// Memory counts as the tape will make and free them; and of what experience tells: the program with XLA and its executables, what these take for
// themselves while they run, and what malloc can't give to anybody. Against the most that processes held (batches of 16 to 96, 8 to 32 channels, 5 to 17 cells,
// K of 1 and 4, one view and two, trainings of 20 cells, all saved and little) it was right to a fifth; TRIED.md of package bench has the figures.
// What later phases of a progressive search keep is not known: those operations are counted that take most.
//
// # What there is
//
// On a CPU [Room] is what the system calls available, with what this process holds already, or the limit of its control group (a container's) where that is
// less. A GPU's plugin tells its own.
package memory
