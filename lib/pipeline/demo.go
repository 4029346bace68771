package pipeline

import (
	"context"
	"errors"

	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/stage"
)

// Demonstration is the request for a search, a training, a test and a report in a row.
type Demonstration struct {
	Dataset string // one of data.Names(); "" for Fashion-MNIST, or its built-in sample
	Search  *settings.Choice[settings.Search]
	Train   *settings.Choice[settings.Train]
}

// Demo is the result of a demonstration.
type Demo struct {
	Search, Train *run.Run
	Test          *run.Test
	Report        string // page of the training, which includes the test
	Ended         bool   // an earlier demonstration has finished all three
}

// NewDemo returns a demonstration whose settings take a minute on two cores. An empty seed stands
// for the presets' seed. NewDemo returns an error if the seed is not a whole number.
func NewDemo(dataset, seed string) (Demonstration, error) {
	d := Demonstration{Dataset: dataset, Search: settings.SearchChoice(), Train: settings.TrainChoice()}
	d.Search.Preset, d.Train.Preset = "demo", "demo"
	if seed != "" {
		if err := errors.Join(d.Search.Set("seed", seed), d.Train.Set("seed", seed)); err != nil {
			return d, err
		}
	}
	return d, nil
}

// Demo searches a cell, trains its network and tests it. It does not repeat finished parts. Demo
// returns the errors of Search, Train and Test.
func (p *Pipeline) Demo(ctx context.Context, s Demonstration) (demo *Demo, err error) {
	var d Demo
	var ended [3]bool
	defer func() {
		if stopped := new(stage.Interrupted); errors.As(err, stopped) {
			stopped.Command = p.Again()
			err = *stopped
		}
	}()
	if d.Search, ended[0], err = p.Search(ctx, stage.Search{Dataset: s.Dataset, Choice: s.Search}); err != nil {
		return nil, err
	}
	if d.Train, ended[1], err = p.Train(ctx, stage.Train{Dataset: s.Dataset, Genotype: d.Search.Dir, Choice: s.Train}); err != nil {
		return nil, err
	}
	if _, d.Test, ended[2], err = p.Test(ctx, d.Train.Dir); err != nil {
		return nil, err
	}
	d.Report = d.Train.Path("report.html")
	d.Ended = ended == [3]bool{true, true, true}
	return &d, nil
}
