package golden

import (
	"math"
	"slices"
	"testing"
)

func TestEveryFileReads(t *testing.T) {
	for name, key := range map[string]string{
		"ops": "sep_conv_3x3_stride2/gradient/depthwise1.weight", "mixed": "k4_stride2/gradient/mix", "cells": "reduction/gradient/betas",
		"supernet": "gradient/alphas_normal", "bilevel": "step2/betas_reduce", "darts": "logits", "networks": "DARTS_V2/running/stem.bn.running_var",
	} {
		arrays := Read(t, name)
		a, ok := arrays[key]
		if !ok || len(a.Data) == 0 {
			t.Errorf("%s has no %s", name, key)
		}
		for key, a := range arrays {
			for _, x := range a.Data {
				if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
					t.Fatalf("%s: %s is not finite", name, key)
				}
			}
		}
	}
}

func TestOutputOfThePoolIsTheMeanWithoutPadding(t *testing.T) {
	of := Under(Read(t, "ops"), "avg_pool_3x3_stride2_bare/")
	x := of["x"] // the corner's window holds four pixels
	side := x.Shape[3]
	Close(t, "corner", of["y"].Data[:1], []float32{(x.Data[0] + x.Data[1] + x.Data[side] + x.Data[side+1]) / 4}, 1e-6)
}

func TestTransposeMovesAxes(t *testing.T) {
	a := Array{Shape: []int{2, 1, 3}, Data: []float32{0, 1, 2, 3, 4, 5}}
	b := a.Transpose(2, 1, 0)
	if !slices.Equal(b.Shape, []int{3, 1, 2}) || !slices.Equal(b.Data, []float32{0, 3, 1, 4, 2, 5}) {
		t.Errorf("got %v", b)
	}
}

func TestDeviationIsMeasuredInUnitsOfTheLargestValue(t *testing.T) {
	if d, i := Deviation([]float32{0, -8, 1}, []float32{0, -10, 0}); d != 0.2 || i != 1 {
		t.Errorf("got %g at %d", d, i)
	}
	if d, i := Deviation([]float32{0, float32(math.NaN())}, []float32{9, 1}); !math.IsInf(d, 1) || i != 1 {
		t.Errorf("NaN: got %g at %d", d, i)
	}
}

func TestDamagedFilesDoNotDecode(t *testing.T) {
	raw, err := testdata.ReadFile("testdata/mixed.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	for _, length := range []int{0, 7, 8, 1000, len(raw) - 1} {
		if _, err := decode(raw[:length]); err == nil {
			t.Errorf("%d of %d bytes decode", length, len(raw))
		}
	}
}

func TestDARTSHasItsPublishedSizes(t *testing.T) {
	for _, row := range Counts(t) {
		if row.Genotype == "DARTS_V2" && row.Classes == 10 && row.Size == 32 && (row.Weights != 3_349_342 || row.WeightsWithAuxiliary != 3_825_768) {
			t.Errorf("DARTS_V2: %+v", row)
		}
		if row.Supernet != "" && row.K == 1 && row.Cells == 8 && row.Weights != 1_930_618 {
			t.Errorf("search network: %+v", row)
		}
	}
}
