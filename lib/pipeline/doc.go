// Package pipeline runs the stages of an experiment. It is the thin entrance for the command line,
// the notebooks' server and studies. The parts of an experiment have packages of their own, each of
// which knows only the packages above it in this list:
//
//	settings   everything that determines a run, typed; links nothing that computes
//	run        a run's directory, and every JSON form in it; links nothing that computes
//	report     figures and tables of a run on a page; links nothing that computes
//	stage      one file a stage: search, pretrain, train, test, probe, finetune, predict
//	pipeline   several stages in a row, sizes of networks
//
// A [Pipeline] holds the backend, the directories of data sets and runs, and the observers of
// progress. Its methods are the stages:
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
