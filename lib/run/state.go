package run

// State is the summary of a search in a few kilobytes. A notebook's page holds several of them, so
// that its slider needs no computation.
type State struct {
	Settings   map[string]any        `json:"settings"`
	Data       string                `json:"data"`
	Seconds    float64               `json:"seconds"`
	Warnings   []string              `json:"warnings"` // limits of the numbers
	Epochs     []int                 `json:"epochs"`   // counted from 1
	Metrics    map[string][]*float64 `json:"metrics"`  // by name, at the Epochs; null: not measured
	Operations []string              `json:"operations"`
	Edges      []string              `json:"edges"` // from → to
	// final softmax of the alphas of the normal and the reduction cell, [edge][operation]; -1 where an
	// edge has lost an operation
	Alphas   [2][][]float64 `json:"alphas"`
	Cells    [2]string      `json:"cells"`    // drawings of both cells as SVG
	Genotype string         `json:"genotype"` // as Python text
	// accuracy of guessing: 1/classes
	Chance float64 `json:"chance,omitempty"`
	// test accuracy of the network that was trained from the cell; nil: none was trained
	Test *float64 `json:"test,omitempty"`
}
