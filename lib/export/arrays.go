package export

import (
	"fmt"

	"github.com/essnas/essnas/lib/internal/safetensors"
)

// arrays holds the weights of a call, by their names in its block.
type arrays struct {
	label   string
	byName  map[string]safetensors.Array
	running []float32 // mean and variance of each norm
}

func (b *builder) arrays(label string) *arrays {
	p := b.params[label]
	if p == nil {
		panic(missing{fmt.Errorf("the network has no weights for %s", label)})
	}
	a := &arrays{label: label, byName: map[string]safetensors.Array{}, running: p.SyncRunning()}
	flat := p.Value.Floats()
	for _, w := range p.Weights {
		n := w.Size()
		a.byName[w.Name] = safetensors.Array{Shape: w.Dims, F32: flat[:n:n]}
		flat = flat[n:]
	}
	return a
}

// take returns the array with a name.
func (a *arrays) take(name string) safetensors.Array {
	w, ok := a.byName[name]
	if !ok {
		panic(missing{fmt.Errorf("the network has no weights %s for %s", name, a.label)})
	}
	return w
}

// pointwise turns [out, in] into [out, in, 1, 1].
func (a *arrays) pointwise(name string) safetensors.Array {
	w := a.take(name)
	w.Shape = []int{w.Shape[0], w.Shape[1], 1, 1}
	return w
}

// depthwise turns [k, k, channels] into [channels, 1, k, k].
func (a *arrays) depthwise(name string) safetensors.Array {
	w := a.take(name)
	k, channels := w.Shape[0], w.Shape[2]
	return safetensors.Array{Shape: []int{channels, 1, k, k}, F32: swapped(w.F32, k*k, channels)}
}

// window turns [out, k*k*in], in which the position in the window comes before the channel, into
// [out, in, k, k].
func (a *arrays) window(name string, k int) safetensors.Array {
	w := a.take(name)
	out, in := w.Shape[0], w.Shape[1]/(k*k)
	to := safetensors.Array{Shape: []int{out, in, k, k}}
	for o := range out {
		to.F32 = append(to.F32, swapped(w.F32[o*k*k*in:][:k*k*in], k*k, in)...)
	}
	return to
}

// swapped transposes a matrix [rows, columns].
func swapped(m []float32, rows, columns int) []float32 {
	t := make([]float32, len(m))
	for r := range rows {
		for c := range columns {
			t[c*rows+r] = m[r*columns+c]
		}
	}
	return t
}
