package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/backend/plugin"
	"github.com/essnas/essnas/lib/internal/cachedir"
)

// Bench measures workloads.
type Bench struct {
	Workloads []Workload
	Worker    []string       // command that calls Work
	Backend   backend.Choice // "" for $ESSNAS_BACKEND, or auto
	// start with an empty cache of executables, then a full one; else use the user's cache
	Cold     bool
	Steps    int           // steps in a turn
	Repeat   int           // turns of each side
	GPU      bool          // both sides compute on a GPU
	Cores    int           // cores of the workers; 0: all
	Against  []Peer        // the other sides, which alternate with ours
	Python   string        // runs PyTorch
	Env      []string      // of the workers, in addition: NAME=VALUE
	Patience time.Duration // limit on torch.compile's time to the first step
	// Progress, if not nil, receives the current action, the finished fraction in 0..1, and the
	// remaining time.
	Progress func(text string, done float64, left time.Duration)
}

// Run measures the workloads one after the other. It returns an error if a worker fails, if the
// networks of two sides differ, or if ctx ends; the report then holds the results so far.
func (b Bench) Run(ctx context.Context) (*Report, error) {
	dir, err := os.MkdirTemp("", "essnas-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	r := &Report{Machine: machine(ctx), Steps: b.Steps, Repeat: b.Repeat}
	if b.Cores > 0 {
		r.Machine.Cores = b.Cores
	}
	if b.GPU && b.Backend != backend.Rehearsal {
		gpus, none := plugin.GPUs()
		if len(gpus) == 0 {
			return nil, fmt.Errorf("there is no GPU to measure, because %s; without --gpu the CPU is measured", none)
		}
		r.Machine.GPU = gpus[0].Name
		b.Backend = backend.CUDA
	}
	if len(b.Against) > 0 {
		if err := unpack(filepath.Join(dir, "peer")); err != nil {
			return nil, err
		}
	}
	p := b.pace()
	for i, w := range b.Workloads {
		cache := ""
		if b.Cold {
			cache = filepath.Join(dir, fmt.Sprint("cache", i))
			if err := emptyCache(cache); err != nil {
				return r, err
			}
		}
		part := p.done
		result, err := b.measure(ctx, w, dir, cache, r.Machine.Cores, p)
		if err != nil && (!b.GPU || ctx.Err() != nil) {
			return r, fmt.Errorf("%s: %w", w.Name, err)
		}
		if err != nil { // other workloads may succeed, and GPU time is rare
			result = &Result{Workload: w.Name, Help: w.Help, Precision: w.Precision(), Batch: w.Batch(), Images: w.Images(), Error: err.Error()}
			p.done = part + p.total/len(b.Workloads)
		}
		r.Results = append(r.Results, *result)
		if b.Cold {
			os.RemoveAll(cache)
		}
	}
	return r, nil
}

// emptyCache makes a cache directory with the plugins of the real one and no executables.
func emptyCache(dir string) error {
	real, err := cachedir.Path()
	if err != nil {
		return err
	}
	plugins := filepath.Join(real, "plugins")
	if err := os.MkdirAll(plugins, 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return os.Symlink(plugins, filepath.Join(dir, "plugins"))
}

// measure starts our worker, twice if the cache is empty at first, and the others once; then they
// alternate.
func (b Bench) measure(ctx context.Context, w Workload, dir, cache string, cores int, p *pace) (*Result, error) {
	ours := func(text string) (*child, error) {
		p.begin(w.Name, text)
		env := b.Env
		if cache != "" {
			env = append(env[:len(env):len(env)], "ESSNAS_CACHE="+cache)
		}
		return launch(ctx, b.Worker, env, nil, b.Cores, job{Workload: w, Backend: string(b.Backend), Epoch: b.epoch(w)},
			func(done, total int) { p.show(w.Name, fmt.Sprintf("%s, %d of %d", text, done, total)) })
	}
	r := &Result{Workload: w.Name, Help: w.Help, Precision: w.Precision(), Batch: w.Batch(), Images: w.Images()}
	if b.Cold {
		cold, err := ours("compiling")
		if err != nil {
			return nil, err
		}
		cold.close()
		r.Cold = &Start{cold.Ready.Compile, cold.First}
	}
	c, err := ours("loading")
	if err != nil {
		return nil, err
	}
	defer c.close()
	r.Runtime, r.Weights, r.MACs, r.Programs = c.Ready.Runtime, c.Ready.Weights, c.Ready.MACs, c.Ready.Programs
	r.Warm, r.Choices = Start{c.Ready.Compile, c.First}, c.Ready.Choices
	sides := []*side{{child: c}}
	for _, peer := range b.Against {
		text := "PyTorch, " + peer.Mode
		p.begin(w.Name, text)
		other, err := b.launchPeer(ctx, w, peer, dir, cores)
		// eager mode remains for the comparison
		if err != nil && ctx.Err() == nil && peer.Mode != "eager" {
			r.Against = append(r.Against, Other{Name: peer.Mode, Error: err.Error()})
			continue
		}
		if err != nil {
			return nil, err
		}
		defer other.close()
		if err := r.same(other); err != nil {
			return nil, err
		}
		sides = append(sides, &side{child: other, name: peer.Mode})
	}
	if err := b.turns(ctx, w, sides, p); err != nil {
		return nil, err
	}
	if b.epoch(w) {
		if err := r.search(ctx, c, w, p); err != nil {
			return nil, err
		}
	}
	if r.Call, err = c.call(ctx, emptyCallCount); err != nil {
		return nil, err
	}
	r.fill(sides, cores)
	return r, nil
}

// epoch reports whether to run an epoch of a workload.
func (b Bench) epoch(w Workload) bool { return b.GPU && w.EpochImages > 0 }

// search measures an epoch.
func (r *Result) search(ctx context.Context, c *child, w Workload, p *pace) (err error) {
	p.show(w.Name, "an epoch")
	gpu := watchGPU(ctx)
	defer gpu.close()
	if r.Epoch, err = c.epoch(ctx); err != nil {
		return err
	}
	r.Epoch.Epochs = w.Search.Epochs
	if seen, n := gpu.take(); n > 0 {
		share := seen / float64(n)
		r.Epoch.GPU = &share
	}
	return nil
}

// same returns an error unless another side's network has the same number of weights.
func (r *Result) same(c *child) error {
	if c.Ready.Weights != r.Weights {
		return fmt.Errorf("the network of %s has %d weights and ours %d: they can't be compared", c.Ready.Runtime, c.Ready.Weights, r.Weights)
	}
	return nil
}

// emptyCallCount suffices for a mean and takes less than a second.
const emptyCallCount = 2000

// side is a program that alternates with others.
type side struct {
	*child
	name       string
	turns      [][]step
	held, peak uint64
	gpu        float64 // sum of samples of its utilisation, 0 to 1 each
	looks      int
	others     float64 // processor seconds of other programs during the turns
}

// turns lets the sides alternate: one step to warm up, then Repeat turns of Steps steps.
func (b Bench) turns(ctx context.Context, w Workload, sides []*side, p *pace) error {
	gpu := &monitor{}
	if b.GPU {
		gpu = watchGPU(ctx)
		defer gpu.close()
	}
	for turn := range b.Repeat + 1 {
		n, text := b.Steps, fmt.Sprintf("turn %d of %d", turn, b.Repeat)
		if turn == 0 {
			n, text = 1, "warming up"
		}
		p.begin(w.Name, text)
		for _, s := range sides {
			busy := busyTime()
			gpu.take()
			steps, err := s.steps(ctx, n)
			if err != nil {
				return err
			}
			if turn > 0 {
				s.turns = append(s.turns, steps)
				seen, n := gpu.take()
				s.gpu += seen
				s.looks += n
				s.others += busyTime() - busy - sum(steps, cpuOf)
			}
		}
	}
	for _, s := range sides {
		s.held, s.peak = s.memory()
	}
	return nil
}

// pace estimates the progress.
type pace struct {
	tell        func(text string, done float64, left time.Duration)
	done, total int // parts, assumed to be equally long
	started     time.Time
}

func (b Bench) pace() *pace {
	parts := 2 + len(b.Against) + b.Repeat
	if b.Cold {
		parts++
	}
	return &pace{b.Progress, -1, len(b.Workloads) * parts, time.Now()}
}

// begin marks the start of a part.
func (p *pace) begin(workload, text string) {
	p.done++
	p.show(workload, text)
}

func (p *pace) show(workload, text string) {
	if p.tell == nil {
		return
	}
	var left time.Duration
	if p.done > 0 {
		left = time.Duration(float64(time.Since(p.started)) / float64(p.done) * float64(p.total-p.done))
	}
	p.tell(workload+": "+text, float64(p.done)/float64(p.total), left)
}
