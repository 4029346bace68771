// Package parity runs this repository's blocks on the golden numbers of PyTorch: it carries weights
// from torch's names and layouts to the flat vectors of [block.Param], and gradients back. Tests of
// the packages that define blocks use it.
package parity

import (
	"fmt"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/gomlx/core/tensors"
)

// Tolerance is the largest deviation from torch's numbers, in units of the largest number of an
// array.
const Tolerance = 1e-4

// Image converts a torch array of images [n, c, h, w] to a value [c, h, w, n]. Other arrays, such
// as cotangents of logits [n, classes], also get the batch as their last axis.
func Image(a golden.Array) *block.Value { return Value(BatchLast(a)) }

// BatchLast moves the first axis to the end.
func BatchLast(a golden.Array) golden.Array {
	var axes []int
	for i := 1; i < len(a.Shape); i++ {
		axes = append(axes, i)
	}
	return a.Transpose(append(axes, 0)...)
}

// Value converts an array to a value of a tape.
func Value(a golden.Array) *block.Value {
	return block.NewValue(tensors.FromFlatDataAndDimensions(a.Data, a.Shape...))
}

// Keep converts images [c, h, w, n] to a value in the layout of an engine with this lowering. Other
// arrays keep their layout.
func Keep(l block.Lowering, a golden.Array) *block.Value {
	if len(a.Shape) != 4 {
		return Value(a)
	}
	if l.Layout == block.NHWC {
		a = a.Transpose(3, 1, 2, 0)
	}
	if l.Precision == block.BFloat16 {
		return block.NewValue(tensors.FromFlatDataAndDimensions(bfloat16.FromFloat32s(a.Data...), a.Shape...))
	}
	return Value(a)
}

// Declared is the inverse of Keep: it converts data in the layout of an engine with this lowering
// to [c, h, w, n], the shape of v.
func Declared(l block.Lowering, data []float32, v *block.Value) []float32 {
	if shape := v.Tensor().Shape().Dimensions; len(shape) == 4 && l.Layout == block.NHWC {
		return golden.Array{Shape: shape, Data: data}.Transpose(3, 1, 2, 0).Data
	}
	return data
}

// Labels converts an array of classes to a value of int32.
func Labels(a golden.Array) *block.Value {
	classes := make([]int32, len(a.Data))
	for i, c := range a.Data {
		classes[i] = int32(c)
	}
	return block.NewValue(tensors.FromFlatDataAndDimensions(classes, a.Shape...))
}

// Name returns torch's name of a weight, for example
// "cells.0.edges.3.sep_conv_3x3.depthwise1.weight" for ("cells.0.edges.3",
// "sep_conv_3x3/depthwise0"). path is the place of the weight's call in torch's network, or "" for
// an operation alone.
func Name(path, weight string) string {
	if operation, rest, ok := strings.Cut(weight, "/"); ok {
		path, weight = join(path, operation), rest
	}
	layer, role, _ := strings.Cut(weight, ".")
	digit := "" // torch counts equal layers from 1, this repository from 0
	if last := layer[len(layer)-1]; last >= '0' && last <= '9' {
		layer, digit = layer[:len(layer)-1], fmt.Sprint(last-'0'+1)
	}
	switch layer {
	case "even":
		layer, digit = "conv", "1"
	case "odd":
		layer, digit = "conv", "2"
	case "norm":
		layer = "bn"
	case "linear", "bias":
		if path == "projector" { // the projector has several linear layers
			break
		}
		if layer == "bias" {
			role = "bias"
		}
		layer = ""
		if path != "classifier" {
			layer = "classifier"
		}
	}
	kind := "weight"
	if role == "bias" {
		kind = "bias"
	}
	return join(path, layer+digit, kind)
}

func join(parts ...string) string {
	var full []string
	for _, p := range parts {
		if p != "" {
			full = append(full, p)
		}
	}
	return strings.Join(full, ".")
}

// only removes the number 1 from a name.
func only(name string) string {
	i := strings.LastIndex(name, "1.")
	if i < 0 {
		return name
	}
	return name[:i] + name[i+1:]
}

// find looks up a weight by its name, or by its name without the number: torch does not number a
// layer without a twin, such as that of a dilated convolution.
func find(t testing.TB, torch map[string]golden.Array, name string) golden.Array {
	t.Helper()
	for _, n := range []string{name, only(name)} {
		if a, ok := torch[n]; ok {
			return a
		}
	}
	t.Fatalf("torch has no array %s", name)
	return golden.Array{}
}

// layout converts torch's array to the layout of weight w: depthwise windows [c, 1, k, k] become
// [k, k, c], full windows [out, in, k, k] become [out, k*k*in], and others stay.
func layout(a golden.Array, w block.Weight) golden.Array {
	if len(a.Shape) == 4 && len(w.Dims) == 3 {
		a = a.Transpose(2, 3, 0, 1)
	} else if len(a.Shape) == 4 {
		a = a.Transpose(0, 2, 3, 1)
	}
	a.Shape = w.Dims
	return a
}

// flat joins the weights of a param from torch's arrays kind/NAME.
func flat(t testing.TB, p *block.Param, torch map[string]golden.Array, kind, path string) (all []float32) {
	t.Helper()
	for _, w := range p.Weights {
		name := kind + "/" + Name(path, w.Name)
		a := layout(find(t, torch, name), w)
		if len(a.Data) != w.Size() {
			t.Fatalf("%s: %s has %d values, weight %s %v has %d", p.Label, name, len(a.Data), w.Name, w.Dims, w.Size())
		}
		all = append(all, a.Data...)
	}
	return all
}

// Load sets the params to torch's weights. path maps a label to its place in torch's network.
func Load(t testing.TB, params []*block.Param, torch map[string]golden.Array, path func(label string) string) {
	t.Helper()
	for _, p := range params {
		if len(p.Weights) == 0 {
			continue
		}
		all := flat(t, p, torch, "weight", path(p.Label))
		p.Value.Set(tensors.FromFlatDataAndDimensions(all, len(all)))
	}
}

// compare compares the numbers that get returns with torch's arrays kind/NAME, weight by weight.
func compare(t testing.TB, params []*block.Param, torch map[string]golden.Array, kind string, path func(label string) string, get func(v *block.Value) []float32) {
	t.Helper()
	for _, p := range params {
		if len(p.Weights) == 0 {
			continue
		}
		got, want := get(p.Value), flat(t, p, torch, kind, path(p.Label))
		if len(got) != len(want) {
			t.Errorf("%s of %s: got %d values, want %d", kind, p.Label, len(got), len(want))
			continue
		}
		for _, w := range p.Weights {
			n := w.Size()
			golden.Close(t, fmt.Sprintf("%s of %s/%s", kind, p.Label, w.Name), got[:n], want[:n], Tolerance)
			got, want = got[n:], want[n:]
		}
	}
}

// Gradients compares the params' gradients with torch's and drops them.
func Gradients(t testing.TB, params []*block.Param, torch map[string]golden.Array, path func(label string) string) {
	t.Helper()
	compare(t, params, torch, "gradient", path, (*block.Value).Gradient)
	for _, p := range params {
		p.Value.DropGradient()
	}
}

// Weights compares the params themselves with torch's.
func Weights(t testing.TB, params []*block.Param, torch map[string]golden.Array, path func(label string) string) {
	t.Helper()
	compare(t, params, torch, "weight", path, (*block.Value).Floats)
}

// Running compares the params' running statistics with torch's.
func Running(t testing.TB, params []*block.Param, torch map[string]golden.Array, path func(label string) string) {
	t.Helper()
	for _, p := range params {
		got := p.SyncRunning()
		for _, w := range p.Weights {
			if !strings.HasSuffix(w.Name, ".gain") || len(got) == 0 {
				continue
			}
			bn := strings.TrimSuffix(Name(path(p.Label), w.Name), "weight")
			for _, statistic := range []string{"running_mean", "running_var"} {
				want := find(t, torch, "running/"+bn+statistic)
				n := w.Size()
				golden.Close(t, p.Label+" "+bn+statistic, got[:n], want.Data, Tolerance)
				got = got[n:]
			}
		}
		if len(got) > 0 {
			t.Errorf("%s: %d running statistics too many", p.Label, len(got))
		}
	}
}

// LoadRunning sets the params' running statistics to torch's.
func LoadRunning(t testing.TB, params []*block.Param, torch map[string]golden.Array, path func(label string) string) {
	t.Helper()
	for _, p := range params {
		if len(p.Running) == 0 {
			continue
		}
		var all []float32
		for _, w := range p.Weights {
			if strings.HasSuffix(w.Name, ".gain") {
				bn := strings.TrimSuffix(Name(path(p.Label), w.Name), "weight")
				all = append(all, find(t, torch, "running/"+bn+"running_mean").Data...)
				all = append(all, find(t, torch, "running/"+bn+"running_var").Data...)
			}
		}
		if copy(p.Running, all) != len(all) || len(all) != len(p.Running) {
			t.Fatalf("%s: torch has %d running statistics, there are %d", p.Label, len(all), len(p.Running))
		}
		p.DropDeviceRunning()
	}
}

// Path maps the label of a call to its place in torch's network: "cell2/edge5/0-3/dil_conv_3x3" to
// "cells.2.edges.5.dil_conv_3x3", "cell2/pre0" to "cells.2.preprocess0". Stem, classifier and
// auxiliary keep their names.
func Path(label string) string {
	parts := strings.Split(label, "/")
	cell, in := strings.CutPrefix(parts[0], "cell")
	if !in {
		return label
	}
	path := "cells." + cell
	if number, is := strings.CutPrefix(parts[1], "pre"); is {
		return path + ".preprocess" + number
	}
	return join(append([]string{path, "edges", strings.TrimPrefix(parts[1], "edge")}, parts[3:]...)...)
}
