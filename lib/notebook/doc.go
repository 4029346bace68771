// Package notebook is what the cells of a notebook call. It asks the server (essnas serve) for what
// the command line does, shows how things go, in place, and leaves the figure in the notebook. It
// links neither XLA nor the laboratory, so that a cell starts in a quarter of a second.
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
// Each cell is a process of its own. Functions, types, variables and imports of earlier cells are
// known in later ones, but variables are made anew: what a cell computed is kept in run directories
// alone. So later cells ask again, through a function; a run that has ended comes back at once.
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
// one of a notebook, and one that is the first to import something, takes up to a tenth more; so
// does, every time, one that draws figures of its own or reads data (packages figure and data),
// because more is linked into it.
//
// # Errors
//
// Nothing here returns an error: what can't be done ends the cell with a sentence that says what to
// do. [Check] does so with an error of the caller's.
//
// # Interrupting
//
// An interrupted cell ends its work on the server, which saves; the cell run again goes on from
// there. So does a cell after its kernel was restarted.
package notebook
