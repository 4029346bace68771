package block

import (
	"sync"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"
)

// array is the content of a value: one tensor on each device. Either each device has its own part
// of the batch, or all have the same tensor. An array of one tensor is copied to the other devices
// when an executable first reads it. nil is no array.
type array []*tensors.Tensor

// spread gives every device of the engine a tensor, by copies of the first.
func (a array) spread(devices int) array {
	for len(a) < devices {
		copied, err := a[0].LocalClone()
		if err != nil {
			panic(err)
		}
		a = append(a, copied)
	}
	return a
}

// free frees the tensors.
func (a array) free() {
	for _, t := range a {
		t.MustFinalizeAll()
	}
}

// first returns the tensor of the first device, or nil.
func (a array) first() *tensors.Tensor {
	if len(a) == 0 {
		return nil
	}
	return a[0]
}

// total adds up the tensors of the devices in their order.
func (a array) total() []float32 {
	if len(a) == 0 {
		return nil
	}
	sum := floats(a[0])
	for _, t := range a[1:] {
		for i, x := range floats(t) {
			sum[i] += x
		}
	}
	return sum
}

// Split returns a value whose parts along the batch axis lie on the engine's devices, one on each.
// With one device it is NewValue. The value owns the tensor from now on. Split panics if the axis
// is not divisible by the number of devices.
func (e *Engine) Split(t *tensors.Tensor, axis int) *Value {
	v := NewValue(nil)
	e.SetSplit(v, t, axis)
	return v
}

// SplitImages is Split for images in the engine's layout.
func (e *Engine) SplitImages(t *tensors.Tensor) *Value {
	_, _, _, batch := e.Lowering.Layout.Axes()
	return e.Split(t, batch)
}

// SetSplit is Set for a value made by Split.
func (e *Engine) SetSplit(v *Value, t *tensors.Tensor, axis int) {
	n := e.Width()
	if n == 1 {
		v.Set(t)
		return
	}
	s := t.Shape()
	if s.Dim(axis)%n != 0 {
		exceptions.Panicf("axis %d of %s can't be split over %d devices", axis, s, n)
	}
	outer, inner := 1, int(s.DType.Size()) // bytes before the axis and after it
	for i, d := range s.Dimensions {
		if i < axis {
			outer *= d
		} else if i > axis {
			inner *= d
		}
	}
	part := s.Clone()
	part.Dimensions[axis] /= n
	row := part.Dimensions[axis] * inner
	parts := make(array, n)
	bytes(t.ConstBytes(func(all []byte) {
		for d := range parts {
			parts[d] = tensors.FromShape(part)
			bytes(parts[d].MutableBytes(func(own []byte) {
				for o := range outer {
					copy(own[o*row:(o+1)*row], all[(o*n+d)*row:])
				}
			}))
		}
	}))
	t.MustFinalizeAll()
	v.set(parts)
}

func bytes(err error) {
	if err != nil {
		panic(err)
	}
}

// zeros caches an array of zeros for each shape.
type zeros struct {
	mu    sync.Mutex
	known map[string]array
}

func (z *zeros) of(s shapes.Shape, devices int) array {
	z.mu.Lock()
	defer z.mu.Unlock()
	a, ok := z.known[s.String()]
	if !ok {
		if z.known == nil {
			z.known = map[string]array{}
		}
		a = array{tensors.FromShape(s)}.spread(devices)
		z.known[s.String()] = a
	}
	return a
}
