package bench

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/essnas/essnas/lib/internal/cgroup"
	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/mem"
)

// Report is the result of a benchmark.
type Report struct {
	Machine Machine  `json:"machine"`
	Steps   int      `json:"steps"`  // of a turn
	Repeat  int      `json:"repeat"` // turns
	Results []Result `json:"results"`
}

// Machine describes the machine.
type Machine struct {
	Time      time.Time `json:"time"`
	System    string    `json:"system"`
	Processor string    `json:"processor"`
	Cores     int       `json:"cores"`  // available to a worker
	Memory    uint64    `json:"memory"` // bytes
	// limit of a container or job on the memory in bytes, below Memory; 0: none
	MemoryLimit uint64 `json:"memory_limit,omitempty"`
	GPU         string `json:"gpu,omitempty"`
}

func machine(ctx context.Context) Machine {
	m := Machine{Time: time.Now().UTC().Truncate(time.Second), System: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU()}
	if info, err := cpu.InfoWithContext(ctx); err == nil && len(info) > 0 {
		m.Processor = info[0].ModelName
	}
	if v, err := mem.VirtualMemoryWithContext(ctx); err == nil {
		m.remember("/", v.Total)
	}
	return m
}

// remember takes the memory of the machine, and control groups below root.
func (m *Machine) remember(root string, total uint64) {
	m.Memory = total
	if limit, _, ok := cgroup.Memory(root, 0); ok && uint64(limit) < total {
		m.MemoryLimit = uint64(limit)
	}
}

// memory describes the memory that the workers may use.
func (m Machine) memory() string {
	if m.MemoryLimit > 0 {
		return fmt.Sprintf("%s memory, the limit of the container or job on a machine with %s", size(m.MemoryLimit), size(m.Memory))
	}
	return size(m.Memory) + " memory"
}

// Result holds the measurements of a workload. Times are in seconds. Memory is in bytes, 0 if
// unknown.
type Result struct {
	Workload  string `json:"workload"`
	Help      string `json:"help"`
	Runtime   string `json:"runtime"`
	Precision string `json:"precision"`
	Batch     int    `json:"batch"`
	Images    int    `json:"images"`   // of a step: a bilevel step reads two batches
	Weights   int    `json:"weights"`  // without alphas and betas
	MACs      int    `json:"macs"`     // multiply-accumulates for one image in one forward pass
	Programs  int    `json:"programs"` // executables

	Cold *Start `json:"cold"` // with an empty cache of executables; nil: not measured
	Warm Start  `json:"warm"` // with the user's cache; after Cold, with a full cache
	Steps
	ImagesPerSecond float64 `json:"images_per_second"`
	Executions      uint64  `json:"executions"` // programs run in a step
	// waits of the host in a step, for results or transfers
	Waits   uint64  `json:"waits"`
	Uploads uint64  `json:"uploads"` // arrays transferred to the device in a step
	Call    float64 `json:"call"`    // an empty call of a block

	Choices map[string]string `json:"choices,omitempty"` // winners of the races
	Epoch   *Epoch            `json:"epoch,omitempty"`   // on a GPU, of some workloads
	Error   string            `json:"error,omitempty"`   // on a GPU: reason for missing results

	Against []Other `json:"against,omitempty"`
	// Best is the fastest other side. Ratio is its time divided by ours, for each turn.
	Best  string  `json:"best,omitempty"`
	Ratio *Sample `json:"ratio,omitempty"`
}

// Epoch holds the measurements of one epoch of a search: its steps, read twice a second, and its
// checkpoint.
type Epoch struct {
	Steps      int      `json:"steps"`
	Epochs     int      `json:"epochs"` // of the whole search
	Seconds    float64  `json:"seconds"`
	CPU        float64  `json:"cpu_seconds"`
	Executions uint64   `json:"executions"`
	Waits      uint64   `json:"waits"`
	GPU        *float64 `json:"gpu"` // fraction of the time in which it was busy; nil: unknown
}

// Start holds the measurements of a process's start.
type Start struct {
	Compile float64 `json:"compile"` // compiling or loading all programs
	// from the start of the process to the end of the first step
	FirstStep float64 `json:"first_step"`
}

// Steps summarises the steps of one side.
type Steps struct {
	Step Sample  `json:"step"`
	CPU  float64 `json:"cpu_seconds"` // of a step, in all threads; the median
	Busy float64 `json:"busy"`        // fraction of the cores that the steps used, 0 to 1
	// fraction of all cores that other programs used meanwhile, 0 to 1
	Others float64 `json:"others"`
	// fraction of the time in which a GPU was busy, 0 to 1; nil: unknown
	GPU    *float64 `json:"gpu"`
	Peak   uint64   `json:"peak_bytes"`        // peak of the process
	Held   uint64   `json:"held_bytes"`        // after a step
	Device uint64   `json:"device_peak_bytes"` // peak of a GPU's memory
}

// Other holds the measurements of PyTorch's steps.
type Other struct {
	Name      string  `json:"name"` // eager or a mode of compilation
	Runtime   string  `json:"runtime"`
	FirstStep float64 `json:"first_step"` // from the start of the process, with compilation if any
	// reason for missing steps: no compilation, or not in time
	Error string `json:"error,omitempty"`
	Steps
}

// Sample is the median of numbers with their minimum and maximum.
type Sample struct {
	Median float64   `json:"median"`
	Min    float64   `json:"min"`
	Max    float64   `json:"max"`
	Values []float64 `json:"values"`
}

// sample summarises at least one value.
func sample(values []float64) Sample {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return Sample{(sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[0], sorted[n-1], values}
}

// fill summarises the turns of the sides; the first side is ours.
func (r *Result) fill(sides []*side, cores int) {
	for _, s := range sides {
		m := s.sum(cores)
		if s == sides[0] {
			r.Steps = m
			r.ImagesPerSecond = float64(r.Images) / m.Step.Median
			last := s.turns[len(s.turns)-1][0]
			r.Executions, r.Waits, r.Uploads = last.Executions, last.Waits, last.Uploads
			continue
		}
		r.Against = append(r.Against, Other{Name: s.name, Runtime: s.Ready.Runtime, FirstStep: s.First, Steps: m})
		if r.Ratio == nil || m.Step.Median < r.Against[r.best()].Step.Median {
			r.Best = s.name
			ratio := sample(ratios(sides[0].turns, s.turns))
			r.Ratio = &ratio
		}
	}
}

// best returns the index of the fastest other side.
func (r *Result) best() int {
	return slices.IndexFunc(r.Against, func(o Other) bool { return o.Name == r.Best })
}

// sum summarises the turns of a side.
func (s *side) sum(cores int) Steps {
	all := slices.Concat(s.turns...)
	wall, cpu := sum(all, secondsOf), sum(all, cpuOf)
	m := Steps{Step: sample(each(all, secondsOf)), CPU: sample(each(all, cpuOf)).Median, Peak: s.peak, Held: s.held}
	if s.looks > 0 {
		share := s.gpu / float64(s.looks)
		m.GPU = &share
	}
	m.Device = all[len(all)-1].DevicePeak
	m.Busy, m.Others = cpu/wall/float64(cores), max(0, s.others)/wall/float64(runtime.NumCPU())
	return m
}

func secondsOf(s step) float64 { return s.Seconds }
func cpuOf(s step) float64     { return s.CPU }

func each(steps []step, f func(step) float64) (all []float64) {
	for _, s := range steps {
		all = append(all, f(s))
	}
	return
}

func sum(steps []step, f func(step) float64) (sum float64) {
	for _, s := range steps {
		sum += f(s)
	}
	return
}

// ratios returns the median step of each turn, theirs divided by ours.
func ratios(ours, theirs [][]step) (all []float64) {
	for i := range ours {
		all = append(all, sample(each(theirs[i], secondsOf)).Median/sample(each(ours[i], secondsOf)).Median)
	}
	return
}

// busyTime returns the processor seconds of all cores of the machine so far.
func busyTime() float64 {
	t, err := cpu.Times(false)
	if err != nil || len(t) == 0 {
		return 0
	}
	return t[0].User + t[0].System + t[0].Nice + t[0].Irq + t[0].Softirq
}
