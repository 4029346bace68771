// Package lab is the laboratory: the entrance for the command line, the notebooks' server and
// studies. It is thin. The parts of an experiment have packages of their own, each of which knows
// only the packages above it in this list:
//
//	settings   everything that determines a run, typed; links nothing that computes
//	run        a run's directory, and every JSON form in it; links nothing that computes
//	report     figures and tables of a run on a page; links nothing that computes
//	stage      one file a stage: search, pretrain, train, test, probe, finetune, predict
//	lab        several stages in a row, sizes of networks
//
// A [Lab] holds the backend, the directories of data sets and runs, and the observers of progress.
// Its methods are the stages:
//
//	l := lab.New()
//	found, _, err := l.Search(ctx, stage.Search{
//		Dataset: "cifar10", Choice: settings.SearchChoice(),
//	})
//	trained, _, err := l.Train(ctx, stage.Train{
//		Dataset: "cifar10", Genotype: found.Dir, Choice: settings.TrainChoice(),
//	})
//	_, result, _, err := l.Test(ctx, trained.Dir)
//	features, _, err := l.Pretrain(ctx, stage.Pretrain{
//		Dataset: "cifar10", Genotype: found.Dir, Choice: settings.PretrainChoice(),
//	})
//	_, probe, _, err := l.Probe(ctx, stage.Probe{Dir: features.Dir})
//	_, compared, err := l.Finetune(ctx, stage.Finetune{Dir: features.Dir, Seeds: 5})
//	predictions, picture, err := l.Predict(ctx, stage.Predict{Dir: trained.Dir, Files: files})
//
// [Lab.Demo] makes the first three in a row; package study makes many of them. [NetworkSize] and
// [SupernetSize] count weights from shapes alone. The command "essnas lab", which starts
// JupyterLab, belongs to package jupyter and is unrelated.
package lab
