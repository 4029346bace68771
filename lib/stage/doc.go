// Package stage contains the stages of an experiment, which work in run directories: search, train,
// pretrain, test, attack, corrupt, calibrate, probe, finetune, predict, and pictures. A stage behaves
// in the same way for every caller.
//
// # One stage, one file
//
// A [Stage] is a value in a file of its own: its name and noun, its command with flags and texts,
// its work, its part of pages and its warnings. [All] lists the stages. The command line, the
// server of notebooks, pages and overviews use that list, and no other package asks for a stage by
// its name: a new stage is a new file and a line in All. Long sections of pages stand beside it in
// NAME_report.go.
//
// search, train and pretrain make runs ([Runs]): all three fit a task step by step in the same way
// (fitting.go). The other stages add to a finished run.
//
// The stages 1 to 4 of the slides are kinds of searches, see [settings.SlidesStage].
//
// # Continuation
//
// A repeated stage finds its run. If the run has ended, the stage returns at once. If it was
// stopped, the stage continues from the last checkpoint, at most half a minute old, and ends with
// the same bits as an uninterrupted run. The end of the context saves the run; the error is then
// [Interrupted]. A killed process loses the work after the last checkpoint, and the next process
// writes its events anew.
//
// # Memory
//
// Before a stage compiles anything, it compares its need with the available memory (package
// memory). The Memory of run.Config records both; the Memory of run.Result records the actual peak.
//
// # Test images
//
// A search halves the training images. A training holds a fifth of them back and keeps the weights
// with the lowest loss on these. [Env.Test] reads the test images once, after the end of the
// training. The result stays in the run, and later calls return it.
package stage
