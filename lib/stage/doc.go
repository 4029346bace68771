// Package stage contains the pipeline stages, which work in run directories: search, train,
// pretrain, test, attack, corrupt, calibrate, probe, finetune, predict, export and pictures. A
// pipeline stage behaves in the same way for every caller.
//
// # Two meanings of "stage"
//
// A pipeline stage is a part of an experiment, such as the search or the test. Within this package
// "stage" alone means a pipeline stage. "Stage" with a number means one of the four searches that
// the slides compare, stage 1 to stage 4: see [settings.SlidesStage]. The flag --stage and the
// option Stage of notebooks mean those.
//
// # One stage, one file
//
// A [Stage] is a value in a file of its own: its name and noun, its command with flags and texts,
// its work, its part of pages and its warnings. [All] lists the stages. The command line, the
// server of notebooks, pages and overviews use that list, and no other package asks for a stage by
// its name. A new stage is therefore a new file and an entry in All. A long section of a page
// stands in a file of its own, NAME_report.go.
//
// search, train and pretrain make runs ([Runs]): all three fit a task step by step in the same way
// (fitting.go). The other stages add to a finished run.
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
// Before a stage compiles anything, it compares its estimated memory with the available memory
// (package memory). The Memory of run.Config records both; the Memory of run.Result records the
// actual peak.
//
// # Test images
//
// A search halves the training images. A training holds a fifth of them back and keeps the weights
// with the lowest loss on these. [Env.Test] reads the test images once, after the end of the
// training. The result stays in the run, and later calls return it.
package stage
