package stage

import (
	"math"
	"testing"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/settings"
	"github.com/janpfeifer/must"
)

// The weights of the best epoch get a classifier of zeros, those of the last one stay. A test is of
// the former: all classes are equally probable to it.
func TestATestIsOfTheWeightsOfTheBestEpoch(t *testing.T) {
	l := &Env{Data: t.TempDir(), Runs: t.TempDir(), NoPages: true, TestImages: 100}
	choice := settings.TrainChoice()
	for name, value := range map[string]any{"cells": 3, "channels": 2, "batch": 16, "epochs": 2, "images": 100, "auxiliary": 0} {
		must.M(choice.Set(name, value))
	}
	r, _, err := l.Train(t.Context(), Train{Dataset: "sample", Genotype: "DARTS_V2", Choice: choice})
	if err != nil {
		t.Fatal(err)
	}
	best := must.M1(fit.LoadState(checkpoints(r).Best()))
	clear(best.Arrays["weights/"+backbone.ClassifierLabel].F32)
	must.M(best.Save(checkpoints(r).Best()))
	_, test, _, err := l.Test(t.Context(), r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(test.Table.Loss-math.Log(10)) > 1e-5 {
		t.Errorf("the loss on test images is %g, want ln 10", test.Table.Loss)
	}
}
