// Package lab is the laboratory: the stages of an experiment, each of which works in a run directory. The command line and the notebooks call it, and
// nothing of what it does depends on who calls.
//
// # Stages
//
// A [Lab] says what computes, where data sets and runs are, and who is told how far things are. Its methods are the stages:
//
//	l := lab.New()
//	found, _, err := l.Search(ctx, lab.SearchStage{Dataset: "cifar10", Choice: settings.SearchChoice()})
//	trained, _, err := l.Train(ctx, lab.TrainStage{Dataset: "cifar10", Genotype: found.Dir, Choice: settings.TrainChoice()})
//	_, result, _, err := l.Test(ctx, trained.Dir)
//	features, _, err := l.Pretrain(ctx, lab.PretrainStage{Dataset: "cifar10", Genotype: found.Dir, Choice: settings.PretrainChoice()})
//	_, probe, _, err := l.Probe(ctx, lab.ProbeStage{Dir: features.Dir})
//	_, compared, err := l.Finetune(ctx, lab.FinetuneStage{Dir: features.Dir, Seeds: 5})
//	predictions, picture, err := l.Predict(ctx, lab.PredictStage{Dir: trained.Dir, Files: []string{"cat.jpg"}})
//
// TrainStage.From makes a training begin with a pretraining's weights; [Lab.Finetune] compares such trainings with those from scratch over shares of the labels and seeds.
// [Lab.Demo] makes the first three in a row; package study many of them, for which a Lab keeps data sets, watches and leaves pages out. [NetworkSize] and [SupernetSize] count weights from shapes alone. [Report] draws a run's figures and writes its page.
//
// # Settings
//
// A [Choice] starts from a preset, is changed by a settings file and then by single values. Flags, files and presets come from the tags of the structs
// settings.Search and settings.Train alone; a name that isn't there is an error which names the nearest one.
// [SetStage] makes the choice of a search that of one of the slides' stages; [Collapsed] says what is wrong with a cell that is mostly skip connections.
//
// # Runs
//
// A run is a directory (see [Run] for the files). Its name carries a hash of all that decides its result: settings, genotype, and the checksums of
// the data. So a stage that is asked for again finds its run: ended, then it returns at once; or stopped, then it goes on from the last checkpoint, which
// is at most half a minute old, and ends in the same bits as if nothing had happened. Cancelling the context saves; the error is then [Interrupted]. A process
// that is killed loses what came after the last checkpoint, and its events with it, which the next process writes anew.
//
// Before a stage compiles anything, what memory it needs is held against what there is (package memory); Config.Memory has both, and Result.Memory what the process held.
//
// Files appear as a whole or not at all. A lock keeps two processes out of one run. Errors are sentences that say what to do.
//
// # Test images
//
// A search halves the training images; a training holds a fifth of them back and keeps the weights with the lowest loss on these. [Lab.Test] reads the test
// images, after the training has ended, once: the result stays in the run and is what a second call returns.
package lab
