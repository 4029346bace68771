// Package lab is the laboratory: the door by which the command line, notebooks' server and studies come in. It is thin. What
// an experiment is made of has packages of its own, each of which knows only those before it:
//
//	settings   all that decides a run, typed; presets and flags; links nothing that computes
//	run        a run's directory, and every JSON form in it; links nothing that computes
//	report     figures and tables of a run on a page; links nothing that computes
//	stage      one file a stage: search, pretrain, train, test, probe, finetune, predict
//	lab        several stages in a row, sizes of networks
//
// A [Lab] says what computes, where data sets and runs are, and who is told how far things are. Its methods are the stages:
//
//	l := lab.New()
//	found, _, err := l.Search(ctx, stage.Search{Dataset: "cifar10", Choice: settings.SearchChoice()})
//	trained, _, err := l.Train(ctx, stage.Train{Dataset: "cifar10", Genotype: found.Dir, Choice: settings.TrainChoice()})
//	_, result, _, err := l.Test(ctx, trained.Dir)
//	features, _, err := l.Pretrain(ctx, stage.Pretrain{Dataset: "cifar10", Genotype: found.Dir, Choice: settings.PretrainChoice()})
//	_, probe, _, err := l.Probe(ctx, stage.Probe{Dir: features.Dir})
//	_, compared, err := l.Finetune(ctx, stage.Finetune{Dir: features.Dir, Seeds: 5})
//	predictions, picture, err := l.Predict(ctx, stage.Predict{Dir: trained.Dir, Files: []string{"cat.jpg"}})
//
// [Lab.Demo] makes the first three in a row; package study many of them. [NetworkSize] and [SupernetSize] count weights from
// shapes alone. The command "essnas lab", which starts JupyterLab, is package jupyter's and has nothing to do with this one.
package lab
