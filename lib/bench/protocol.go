package bench

// A worker is a process that measures one workload, so that its memory and its start are its own. It reads lines of JSON and answers by
// lines of JSON: the first line is the job, answered by ready after the first step; then each order of n steps is answered by n
// steps. It ends with its input. essnas bench worker and peer.py speak this.

// job is the first line.
type job struct {
	Workload  any    `json:"workload"` // a Workload; for PyTorch a peerWorkload
	Backend   string `json:"backend"`  // backend.Choice
	Device    string `json:"device"`   // PyTorch's name of it: cpu or cuda
	Precision string `json:"precision"`
	Threads   int    `json:"threads"` // of PyTorch; XLA takes the cores that the process may use
	Epoch     bool   `json:"epoch"`   // not of PyTorch: there will be an order of an epoch
	Mode      string `json:"mode"`    // of PyTorch: eager, compile, compile-cells
}

// order is any other line.
type order struct {
	Steps int  `json:"steps,omitempty"`
	Epoch bool `json:"epoch,omitempty"` // not of PyTorch: run an epoch as a search does
	Calls int  `json:"calls,omitempty"` // not of PyTorch: make so many calls that compute nothing
}

// reply has one field that is not nil.
type reply struct {
	Compiling *compiling `json:"compiling,omitempty"`
	Ready     *ready     `json:"ready,omitempty"`
	Step      *step      `json:"step,omitempty"`
	Call      *float64   `json:"call,omitempty"` // seconds of an empty call
	Epoch     *Epoch     `json:"epoch,omitempty"`
}

type compiling struct{ Done, Total int }

// ready comes after the first step.
type ready struct {
	Runtime  string  `json:"runtime"` // the backend, or PyTorch with its version
	Weights  int     `json:"weights"`
	MACs     int     `json:"macs"`
	Compile  float64 `json:"compile_seconds"` // of PyTorch the whole first step
	Programs int     `json:"programs"`        // compiled or loaded
	Loaded   int     `json:"loaded"`
	// Choices are which way to compute won each race; none on a CPU, and none of PyTorch.
	Choices map[string]string `json:"choices"`
}

// step is what a step took.
type step struct {
	Seconds    float64 `json:"seconds"`
	CPU        float64 `json:"cpu_seconds"`       // of all threads
	DevicePeak uint64  `json:"device_peak_bytes"` // memory of a GPU; 0 where it is not known
	// Not of PyTorch: executables run, waits of the host, and arrays uploaded.
	Executions uint64 `json:"executions"`
	Waits      uint64 `json:"waits"`
	Uploads    uint64 `json:"uploads"`
}
