// Package pipeline runs the pipeline stages of an experiment: search, train, test and the others.
// The command line, the notebooks' server and studies call it. Each part of an experiment has a
// package of its own, which imports only the packages above it in this list:
//
//	settings   the typed settings of a run; links no XLA
//	run        a run's directory, and the JSON form of each file in it; links no XLA
//	report     figures and tables of a run on a page; links no XLA
//	stage      the pipeline stages, a file for each; explains the two meanings of "stage"
//	pipeline   several pipeline stages in a row, sizes of networks
//
// A [Pipeline] holds the backend, the directories of data sets and runs, and the observers of
// progress. It has a method for each pipeline stage:
//
//	p := pipeline.New()
//	found, _, err := p.Search(ctx, stage.Search{
//		Dataset: "cifar10", Choice: settings.SearchChoice(),
//	})
//	trained, _, err := p.Train(ctx, stage.Train{
//		Dataset: "cifar10", Genotype: found.Dir, Choice: settings.TrainChoice(),
//	})
//	_, result, _, err := p.Test(ctx, trained.Dir)
//	features, _, err := p.Pretrain(ctx, stage.Pretrain{
//		Dataset: "cifar10", Genotype: found.Dir, Choice: settings.PretrainChoice(),
//	})
//	_, probe, _, err := p.Probe(ctx, stage.Probe{Dir: features.Dir})
//	_, compared, err := p.Finetune(ctx, stage.Finetune{Dir: features.Dir, Seeds: 5})
//	predictions, picture, err := p.Predict(ctx, stage.Predict{Dir: trained.Dir, Files: files})
//
// [Pipeline.Demo] runs a search, a training and a test in a row; package study runs many of them.
// [NetworkSize] and [SupernetSize] count weights from shapes alone.
package pipeline
