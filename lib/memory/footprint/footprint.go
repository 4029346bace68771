// Package footprint has the form in which the memory of a computation is counted: package block
// counts it, and the directory of a run keeps it. It links nothing that computes.
package footprint

// Pass is the memory of a forward and backward pass on each device, in bytes.
type Pass struct {
	Weights int64 `json:"weights"` // and running statistics
	Inputs  int64 `json:"inputs"`
	// peak of all other arrays: values, sums, saved values, gradients
	Arrays  int64 `json:"arrays"`
	Scratch int64 `json:"scratch"` // of the executables at the peak of arrays and scratch
	Left    int64 `json:"left"`    // arrays that outlive the pass: gradients and cached zeros
}

// Total returns the peak.
func (p Pass) Total() int64 { return p.Weights + p.Inputs + p.Arrays + p.Scratch }
