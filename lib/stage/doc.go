// Package stage holds the stages of an experiment, each of which works in a run directory: search, train, pretrain, test, probe,
// finetune, predict, and pictures. Nothing of what a stage does depends on who calls.
//
// # One stage, one file
//
// A [Stage] is a value in a file of its own: its name and noun, its command with flags and texts, its work, what its page and
// its warnings say. [All] lists them. The command line, the server of notebooks, pages and overviews go through that list, and
// no other package asks for a stage by its name: a new stage is a new file and a line in All. The sections that a stage adds
// to a page stand beside it, in NAME_report.go, where they are long.
//
// search, train and pretrain make runs ([Runs]): they fit something step by step, which all three do in the same way
// (fitting.go). The others add to a run that has ended.
//
// The stages 1 to 4 of the slides are something else: kinds of searches, see [settings.SlidesStage].
//
// # Going on
//
// A stage that is asked for again finds its run: ended, then it returns at once; or stopped, then it goes on from the last
// checkpoint, which is at most half a minute old, and ends in the same bits as if nothing had happened. Cancelling the context
// saves; the error is then [Interrupted]. A process that is killed loses what came after the last checkpoint, and its events
// with it, which the next process writes anew.
//
// # Memory
//
// Before a stage compiles anything, what memory it needs is held against what there is (package memory): run.Config's Memory has
// both, and run.Result's Memory what the process held.
//
// # Test images
//
// A search halves the training images; a training holds a fifth of them back and keeps the weights with the lowest loss on
// these. [Env.Test] reads the test images, after the training has ended, once: the result stays in the run and is what a second
// call returns.
package stage
