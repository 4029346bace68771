package run

// State is what a search came to, in the few kilobytes that a page needs to show it: a notebook's slider goes from state to state without computing.
type State struct {
	Settings   map[string]any        `json:"settings"`
	Data       string                `json:"data"`
	Seconds    float64               `json:"seconds"`
	Warnings   []string              `json:"warnings"` // what keeps the numbers from meaning anything
	Epochs     []int                 `json:"epochs"`   // counted from 1
	Metrics    map[string][]*float64 `json:"metrics"`  // of these epochs; null where one was not measured
	Operations []string              `json:"operations"`
	Edges      []string              `json:"edges"`    // from → to
	Alphas     [2][][]float64        `json:"alphas"`   // of the normal and the reduction cell at the end: softmax, [edge][operation]; -1 where an edge has lost an operation
	Cells      [2]string             `json:"cells"`    // both cells, drawn, as SVG
	Genotype   string                `json:"genotype"` // as Python text
}
