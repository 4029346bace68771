package block

// Saving is the amount that a forward pass saves for the backward pass; it trades memory for time.
// With kernels, on a CPU, the results are the same bit for bit. XLA fuses its own operations
// differently, so there they differ by rounding.
type Saving int

const (
	// SaveAll saves all values marked by Ctx.SaveForBackward and Ctx.Keep.
	SaveAll Saving = iota
	// SaveLittle saves numbers and vectors, such as the statistics of norms, and recomputes images.
	SaveLittle
)

func (s Saving) String() string { return [...]string{"all", "little"}[s] }
