// Package notebook has the functions that the cells of a notebook call. A function sends a command
// of the command line to the server (essnas serve), shows its progress in place, and leaves the
// figure in the notebook. The package does not link XLA, so that a cell starts in a quarter of a
// second.
//
//	import nb "github.com/essnas/essnas/lib/notebook"
//
//	found := nb.Search(nb.Preset("quick"), nb.Stage(2), nb.Set("ss_factor", 0.25))
//	found.Figure("normal-alphas")
//	trained := nb.Train(found, nb.Preset("quick"))
//	tested := nb.Test(trained)
//	nb.Predict(trained, nb.Images(0, 1, 2))
//
// # Cells
//
// Each cell is a process of its own. Later cells know the functions, types, variables and imports
// of earlier cells, but the variables have their initial values again. Only run directories keep
// the results of a cell. Later cells therefore ask for a run again, through a function; an ended
// run returns at once.
//
//	const preset = "quick"
//	func found(more ...nb.Option) *nb.Run { return nb.Search(append(more, nb.Preset(preset))...) }
//	%%
//	found()
//
// and later
//
//	%%
//	found(nb.Quiet).Figure("alphas")
//
// # How long a cell takes
//
// A cell is compiled and linked before it runs, in two tenths of a second on two cores. The first
// cell of a notebook, and a cell with the first import of a package, take up to a tenth of a second
// more. So does every cell that draws figures of its own or reads data (packages figure and data),
// because it links more code.
//
// # Errors
//
// The functions return no errors. A failure ends the cell with a sentence that tells the user what
// to do. [Check] ends the cell with an error of the caller.
//
// # Interrupting
//
// If a cell is interrupted, or its kernel is restarted, the server saves its work and stops. The
// same cell continues the work when it runs again.
package notebook
