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

// Tolerance is how far a number may be from torch's, in units of the largest number of its array.
const Tolerance = 1e-4

// Image is a torch array of images [n, c, h, w] as a value [c, h, w, n]; other arrays (cotangents
// of logits [n, classes]) are transposed to have the batch last.
func Image(a golden.Array) *block.Value { return Value(BatchLast(a)) }

// BatchLast moves the first axis to the end.
func BatchLast(a golden.Array) golden.Array {
	var axes []int
	for i := 1; i < len(a.Shape); i++ {
		axes = append(axes, i)
	}
	return a.Transpose(append(axes, 0)...)
}

// Value is an array as a value for a tape.
func Value(a golden.Array) *block.Value {
	return block.NewValue(tensors.FromFlatDataAndDimensions(a.Data, a.Shape...))
}

// Keep is an array, images [c, h, w, n], as a value as an engine of this lowering keeps it; other
// arrays are as they are.
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

// Declared is the inverse of Keep: what an engine of this lowering has in the shape of a value, as
// [c, h, w, n].
func Declared(l block.Lowering, data []float32, v *block.Value) []float32 {
	if shape := v.Tensor().Shape().Dimensions; len(shape) == 4 && l.Layout == block.NHWC {
		return golden.Array{Shape: shape, Data: data}.Transpose(3, 1, 2, 0).Data
	}
	return data
}

// Labels is an array of classes as a value, int32.
func Labels(a golden.Array) *block.Value {
	classes := make([]int32, len(a.Data))
	for i, c := range a.Data {
		classes[i] = int32(c)
	}
	return block.NewValue(tensors.FromFlatDataAndDimensions(classes, a.Shape...))
}

// Name is torch's name of a weight, e.g. ("cells.0.edges.3", "sep_conv_3x3/depthwise0") to
// "cells.0.edges.3.sep_conv_3x3.depthwise1.weight". Path is where the weight's call stands in
// torch's network, "" for an operation alone.
func Name(path, weight string) string {
	if operation, rest, ok := strings.Cut(weight, "/"); ok {
		path, weight = join(path, operation), rest
	}
	layer, role, _ := strings.Cut(weight, ".")
	digit := "" // two of a kind are counted from 1 in torch, and from 0 here
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
		if path == "projector" { // which has several
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

// only is a name with a first one's number left out.
func only(name string) string {
	i := strings.LastIndex(name, "1.")
	if i < 0 {
		return name
	}
	return name[:i] + name[i+1:]
}

// find looks up a weight, by the name of one of two or of an only one (a dilated convolution's).
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

// layout is torch's array as the weight w has it: depthwise windows [c, 1, k, k] as [k, k, c], full
// windows [out, in, k, k] as [out, k*k*in], the rest unchanged.
func layout(a golden.Array, w block.Weight) golden.Array {
	if len(a.Shape) == 4 && len(w.Dims) == 3 {
		a = a.Transpose(2, 3, 0, 1)
	} else if len(a.Shape) == 4 {
		a = a.Transpose(0, 2, 3, 1)
	}
	a.Shape = w.Dims
	return a
}

// flat puts together the weights of a param from arrays kind/NAME.
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

// Load gives the params torch's weights; path says where in torch's network a label stands.
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

// compare holds each weight's part of what get returns against torch's kind/NAME.
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

// LoadRunning gives the params torch's running statistics.
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

// Path is where a call of a network stands in torch's: "cell2/edge5/0-3/dil_conv_3x3" is at
// "cells.2.edges.5.dil_conv_3x3", "cell2/pre0" at "cells.2.preprocess0", stem, classifier and
// auxiliary at their own names.
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
