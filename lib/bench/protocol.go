package bench

// A worker is a process that measures one workload, so that its memory and its start are its own.
// It reads and writes lines of JSON. The first line is the job; the worker answers with ready after
// the first step. Each order of n steps is answered with n steps. The worker ends at the end of its
// input. Both essnas bench worker and peer.py use this protocol.

// job is the first line.
type job struct {
	Workload  any    `json:"workload"` // a Workload; for PyTorch a peerWorkload
	Backend   string `json:"backend"`  // backend.Choice
	Device    string `json:"device"`   // PyTorch's name of the device: cpu or cuda
	Precision string `json:"precision"`
	Threads   int    `json:"threads"` // of PyTorch; XLA uses the cores of the process
	Epoch     bool   `json:"epoch"`   // not for PyTorch: an order of an epoch will follow
	Mode      string `json:"mode"`    // for PyTorch: eager, compile, compile-cells
}

// order is any other line.
type order struct {
	Steps int  `json:"steps,omitempty"`
	Epoch bool `json:"epoch,omitempty"` // not for PyTorch: run an epoch as a search does
	Calls int  `json:"calls,omitempty"` // not for PyTorch: make this many empty calls
}

// reply has exactly one field that is not nil.
type reply struct {
	Compiling *compiling `json:"compiling,omitempty"`
	Ready     *ready     `json:"ready,omitempty"`
	Step      *step      `json:"step,omitempty"`
	Call      *float64   `json:"call,omitempty"` // seconds of an empty call
	Epoch     *Epoch     `json:"epoch,omitempty"`
}

type compiling struct{ Done, Total int }

// ready follows the first step.
type ready struct {
	Runtime  string  `json:"runtime"` // the backend, or PyTorch with its version
	Weights  int     `json:"weights"`
	MACs     int     `json:"macs"`
	Compile  float64 `json:"compile_seconds"` // for PyTorch the whole first step
	Programs int     `json:"programs"`        // compiled or loaded
	Loaded   int     `json:"loaded"`
	// Choices are the winners of the races; none on a CPU, and none of PyTorch.
	Choices map[string]string `json:"choices"`
}

// step holds the measurements of a step.
type step struct {
	Seconds    float64 `json:"seconds"`
	CPU        float64 `json:"cpu_seconds"`       // of all threads
	DevicePeak uint64  `json:"device_peak_bytes"` // memory of a GPU; 0 if unknown
	// Executed programs, waits of the host and uploaded arrays; not of PyTorch.
	Executions uint64 `json:"executions"`
	Waits      uint64 `json:"waits"`
	Uploads    uint64 `json:"uploads"`
}
