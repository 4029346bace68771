package augment

import (
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph"
)

// Options selects the random steps of a batch.
type Options struct {
	Crop   int  // width of the black border that a crop adds; 0: no crop
	Flip   bool // exchange left and right of half of the images
	Cutout int  // side of the square that is set to 0, an even number; 0: none
	// Out converts the images, float32 [channels, height, width, batch], into the network's input.
	// A nil Out passes them on.
	Out func(x *Node) *Node
}

func (o Options) out(x *Node) *Node {
	if o.Out == nil {
		return x
	}
	return o.Out(x)
}

// The columns of a draw, int32 [batch, columns].
const (
	picture = iota
	top
	left
	flip
	row
	column
	columns
)

// draw draws the random numbers of a batch of h x w images. Every image takes the same number of
// draws in the same order.
func (o Options) draw(index []int32, h, w int, r *rand.Rand) []int32 {
	d := make([]int32, 0, len(index)*columns)
	for _, i := range index {
		var v [columns]int32
		v[picture] = i
		if o.Crop > 0 {
			v[top], v[left] = r.Int32N(int32(2*o.Crop+1)), r.Int32N(int32(2*o.Crop+1))
		}
		if o.Flip {
			v[flip] = r.Int32N(2)
		}
		if o.Cutout > 0 {
			v[row], v[column] = r.Int32N(int32(h)), r.Int32N(int32(w))
		}
		d = append(d, v[:]...)
	}
	return d
}
