package run

// State is the summary of a search for a page, in a few kilobytes: a notebook's slider moves from
// state to state without a computation.
type State struct {
	Settings   map[string]any        `json:"settings"`
	Data       string                `json:"data"`
	Seconds    float64               `json:"seconds"`
	Warnings   []string              `json:"warnings"` // limits of the numbers
	Epochs     []int                 `json:"epochs"`   // counted from 1
	Metrics    map[string][]*float64 `json:"metrics"`  // of these epochs; null: not measured
	Operations []string              `json:"operations"`
	Edges      []string              `json:"edges"` // from → to
	// of the normal and the reduction cell at the end: softmax, [edge][operation]; -1 where an edge
	// has lost an operation
	Alphas   [2][][]float64 `json:"alphas"`
	Cells    [2]string      `json:"cells"`    // drawings of both cells as SVG
	Genotype string         `json:"genotype"` // as Python text
	// accuracy of a network without knowledge: 1/classes
	Chance float64 `json:"chance,omitempty"`
	// accuracy on the test images of the network that was trained from the cell, if it was
	Test *float64 `json:"test,omitempty"`
}
