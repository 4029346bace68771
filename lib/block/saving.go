package block

// Saving is how much a forward pass hands over to the backward pass: memory for time. Where kernels compute, on a CPU, the results are the same bit for bit; XLA's own
// operations are fused differently, and differ by rounding.
type Saving int

const (
	// SaveAll hands over what Ctx.Save and Ctx.Keep mark.
	SaveAll Saving = iota
	// SaveLittle hands over numbers and vectors, like the statistics of norms: images are computed again.
	SaveLittle
)

func (s Saving) String() string { return [...]string{"all", "little"}[s] }
