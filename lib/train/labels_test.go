package train

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/settings"
)

func TestAnEpochIsAsLongWithFewLabelsAsWithAll(t *testing.T) {
	few := &Training{settings: settings.Train{Shared: settings.Shared{Batch: 4, Seed: 3}}, train: []int32{5, 9, 11}, images: 10}
	if n := few.Steps(0); n != 2 {
		t.Errorf("%d steps, want 2: 10 images in batches of 4", n)
	}
	order := few.order(0)
	if len(order) != 10 {
		t.Fatalf("an epoch of %d images, want 10", len(order))
	}
	for k := range 3 { // each image occurs once before any is repeated
		if pass := slices.Sorted(slices.Values(order[3*k : 3*k+3])); !slices.Equal(pass, few.train) {
			t.Errorf("images %v, want each of %v once", pass, few.train)
		}
	}
	if !slices.Contains(few.train, order[9]) {
		t.Errorf("the last image is %d, want one of %v", order[9], few.train)
	}
	if slices.Equal(order, few.order(1)) || !slices.Equal(order, few.order(0)) {
		t.Error("the order is the same in every epoch, or is not reproducible")
	}
	all := &Training{settings: settings.Train{Shared: settings.Shared{Batch: 4, Seed: 3}}, train: []int32{1, 2, 3, 4, 5, 6, 7}, images: 7}
	if want := augment.EpochOrder(all.train, 3, 5); !slices.Equal(all.order(5), want) {
		t.Errorf("with all labels the order is %v, want %v", all.order(5), want)
	}
}

func TestSettingsFromBeforeThereWereSharesUseAllLabels(t *testing.T) {
	for text, want := range map[string]float64{`{"cells": 3}`: 1, `{"labels": 0.1}`: 0.1} {
		var s settings.Train
		if err := json.Unmarshal([]byte(text), &s); err != nil || s.Labels != want {
			t.Errorf("%s: labels %g (%v), want %g", text, s.Labels, err, want)
		}
	}
}
