package cell

import "testing"

func TestShapesCountWhatTheSlidesLookAt(t *testing.T) {
	chain := []Gene{{Op: "skip_connect", From: 0}, {Op: "sep_conv_3x3", From: 1}, {Op: "max_pool_3x3", From: 2}, {Op: "sep_conv_3x3", From: 0}, {Op: "skip_connect", From: 3}, {Op: "avg_pool_3x3", From: 1}, {Op: "dil_conv_3x3", From: 4}, {Op: "skip_connect", From: 0}}
	if s := ShapeOf(chain, []int{2, 3, 4, 5}); s != (Shape{Skips: 3, ParameterFree: 5, Depth: 4}) {
		t.Errorf("a chain of states: %+v", s)
	}
	if s := ShapeOf(chain, []int{2, 3}); s.Depth != 2 {
		t.Errorf("states outside the output count: depth %d", s.Depth)
	}
	flat := []Gene{{Op: "sep_conv_3x3", From: 0}, {Op: "sep_conv_3x3", From: 1}, {Op: "sep_conv_3x3", From: 0}, {Op: "sep_conv_3x3", From: 1}, {Op: "sep_conv_3x3", From: 0}, {Op: "sep_conv_3x3", From: 1}, {Op: "sep_conv_3x3", From: 0}, {Op: "sep_conv_3x3", From: 1}}
	if s := ShapeOf(flat, []int{2, 3, 4, 5}); s != (Shape{Depth: 1}) {
		t.Errorf("parallel states: %+v", s)
	}
}
