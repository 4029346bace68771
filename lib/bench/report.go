package bench

import (
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/mem"
)

// Report is what a benchmark found.
type Report struct {
	Machine Machine  `json:"machine"`
	Steps   int      `json:"steps"`  // of a turn
	Repeat  int      `json:"repeat"` // turns
	Results []Result `json:"results"`
}

// Machine is what was measured on.
type Machine struct {
	Time      time.Time `json:"time"`
	System    string    `json:"system"`
	Processor string    `json:"processor"`
	Cores     int       `json:"cores"`  // that a worker may use
	Memory    uint64    `json:"memory"` // bytes
	GPU       string    `json:"gpu,omitempty"`
}

func machine(ctx context.Context) Machine {
	m := Machine{Time: time.Now().UTC().Truncate(time.Second), System: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU()}
	if info, err := cpu.InfoWithContext(ctx); err == nil && len(info) > 0 {
		m.Processor = info[0].ModelName
	}
	if v, err := mem.VirtualMemoryWithContext(ctx); err == nil {
		m.Memory = v.Total
	}
	return m
}

// Result is what was found about a workload. Times are in seconds, memory is in bytes and 0 where the system does not tell.
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
	Warm Start  `json:"warm"` // with what was there; after Cold, with a full cache
	Steps
	ImagesPerSecond float64 `json:"images_per_second"`
	Executions      uint64  `json:"executions"` // programs that a step runs
	Waits           uint64  `json:"waits"`      // of the host in a step, for results or for arrays on their way between it and the device
	Uploads         uint64  `json:"uploads"`    // arrays brought to the device in a step
	Call            float64 `json:"call"`       // a call of a block that computes nothing

	Choices map[string]string `json:"choices,omitempty"` // which way to compute won each race
	Epoch   *Epoch            `json:"epoch,omitempty"`   // on a GPU, of some workloads
	Error   string            `json:"error,omitempty"`   // on a GPU: why there is nothing else

	Against []Other `json:"against,omitempty"`
	// Best is the fastest of the others; Ratio its time divided by ours, of each turn.
	Best  string  `json:"best,omitempty"`
	Ratio *Sample `json:"ratio,omitempty"`
}

// Epoch is what one epoch of a search took: its steps, read twice a second, and its checkpoint.
type Epoch struct {
	Steps      int      `json:"steps"`
	Epochs     int      `json:"epochs"` // of the whole search
	Seconds    float64  `json:"seconds"`
	CPU        float64  `json:"cpu_seconds"`
	Executions uint64   `json:"executions"`
	Waits      uint64   `json:"waits"`
	GPU        *float64 `json:"gpu"` // share of the time in which it was busy; nil: not known
}

// Start is what a process takes to begin.
type Start struct {
	Compile   float64 `json:"compile"`    // of all programs, or loading them
	FirstStep float64 `json:"first_step"` // from the start of the process to the end of the first step
}

// Steps is what one side's steps came to.
type Steps struct {
	Step   Sample   `json:"step"`
	CPU    float64  `json:"cpu_seconds"`       // of a step, in all threads; the median
	Busy   float64  `json:"busy"`              // share of the cores that the steps kept busy, 0 to 1
	Others float64  `json:"others"`            // share of all cores that other programs kept busy meanwhile, 0 to 1
	GPU    *float64 `json:"gpu"`               // share of the time in which a GPU was busy, 0 to 1; nil: not known
	Peak   uint64   `json:"peak_bytes"`        // the most that the process held
	Held   uint64   `json:"held_bytes"`        // what it holds after a step
	Device uint64   `json:"device_peak_bytes"` // the most of a GPU's memory
}

// Other is what was found about the same steps of PyTorch.
type Other struct {
	Name      string  `json:"name"` // eager or a way to compile
	Runtime   string  `json:"runtime"`
	FirstStep float64 `json:"first_step"`      // from the start of the process; with compilation, where there is one
	Error     string  `json:"error,omitempty"` // why there are no steps: it does not compile, or not in time
	Steps
}

// Sample is the median of numbers, with the least and the largest.
type Sample struct {
	Median float64   `json:"median"`
	Min    float64   `json:"min"`
	Max    float64   `json:"max"`
	Values []float64 `json:"values"`
}

// sample sums up at least one value.
func sample(values []float64) Sample {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return Sample{(sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[0], sorted[n-1], values}
}

// fill takes what the sides' turns came to; the first is ours.
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

// best is the index of the fastest other side.
func (r *Result) best() int {
	return slices.IndexFunc(r.Against, func(o Other) bool { return o.Name == r.Best })
}

// sum is what a side's turns came to.
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

// ratios of the median step of each turn, theirs divided by ours.
func ratios(ours, theirs [][]step) (all []float64) {
	for i := range ours {
		all = append(all, sample(each(theirs[i], secondsOf)).Median/sample(each(ours[i], secondsOf)).Median)
	}
	return
}

// busyTime is the seconds that all cores of the machine have computed so far.
func busyTime() float64 {
	t, err := cpu.Times(false)
	if err != nil || len(t) == 0 {
		return 0
	}
	return t[0].User + t[0].System + t[0].Nice + t[0].Irq + t[0].Softirq
}
