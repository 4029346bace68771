package block

// Saving selects the values that a forward pass saves for the backward pass: a trade of memory for
// time. With kernels, on a CPU, both settings give the same bits. Without kernels XLA fuses
// operations differently, so results differ by rounding.
type Saving int

const (
	// SaveAll saves all values marked by Ctx.SaveForBackward and Ctx.Keep.
	SaveAll Saving = iota
	// SaveLittle saves scalars and vectors, such as the statistics of norms, and recomputes images.
	SaveLittle
)

func (s Saving) String() string { return [...]string{"all", "little"}[s] }
