package kit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/backend/plugin"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/search"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Work is the worker: it takes the step that it reads from in and writes its answers to out. It
// returns the error of the step.
func Work(ctx context.Context, in io.Reader, out io.Writer) error {
	var j job
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return fmt.Errorf("the job can't be read: %w", err)
	}
	encoder := json.NewEncoder(out)
	tell := func(a answer) { encoder.Encode(a) } // without a reader the process is killed
	switch j.Step {
	case "machine":
		return machine(ctx, j, tell)
	case "plugin":
		plugin, version, err := backend.Locate(ctx, backend.Options{Choice: j.Backend})
		if err != nil {
			return err
		}
		tell(answer{Said: fmt.Sprintf("PJRT %s, %s", version, plugin), Text: libraries(plugin)})
		return nil
	}
	b, err := backend.Open(ctx, backend.Options{Choice: j.Backend})
	if err != nil {
		return err
	}
	switch j.Step {
	case "device":
		return device(b, tell)
	case "blocks":
		return blocks(b, j, tell)
	case "step":
		return oneStep(b.Racing(nil), j, tell)
	case "search":
		return minute(ctx, b.Racing(nil), j, tell)
	}
	return fmt.Errorf("there is no step %q", j.Step)
}

// machine reports the GPUs of the driver, and the settings of the system that affect them.
func machine(ctx context.Context, j job, tell func(answer)) error {
	for _, command := range [][]string{{"uname", "-a"}, {"nvidia-smi"}, {"python3", "--version"}, {"python3", "-m", "pip", "--version"}, {"ldd", "--version"}} {
		out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
		if err != nil && len(out) == 0 {
			out = []byte(err.Error())
		}
		tell(answer{Text: "$ " + strings.Join(command, " ") + "\n" + strings.TrimSpace(string(out))})
	}
	for _, file := range []string{"/proc/driver/nvidia/version", "/etc/os-release"} {
		if text, err := os.ReadFile(file); err == nil {
			tell(answer{Text: file + "\n" + strings.TrimSpace(string(text))})
		}
	}
	for _, e := range slices.Sorted(slices.Values(os.Environ())) {
		for _, prefix := range []string{"CUDA", "NVIDIA", "LD_", "XLA_", "PJRT_", "ESSNAS_", "GLIBC_", "SLURM_JOB", "SLURM_STEP"} {
			if strings.HasPrefix(e, prefix) {
				tell(answer{Text: e})
			}
		}
	}
	gpus, none := plugin.GPUs()
	for _, g := range gpus {
		tell(answer{Text: fmt.Sprintf("GPU %s, %.1f GB, compute capability %.1f, driver for CUDA %d", g.Name, float64(g.Memory)/1e9, float64(g.Capability)/10, g.CUDA)})
	}
	switch {
	case len(gpus) > 0:
		tell(answer{Said: gpus[0].Name})
	case j.Backend == backend.Rehearsal:
		tell(answer{Said: "no GPU: a rehearsal on the CPU"})
	default:
		return fmt.Errorf("there is no GPU to measure, because %s; without --gpu the CPU is measured", none)
	}
	return nil
}

// libraries lists the libraries in the process that belong to a GPU.
func libraries(plugin string) string {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return ""
	}
	var found []string
	for line := range strings.Lines(string(maps)) {
		fields := strings.Fields(line)
		if len(fields) < 6 {
			continue
		}
		path := fields[5]
		if (strings.Contains(path, "cuda") || strings.Contains(path, "nv") || strings.Contains(path, "cu") && strings.Contains(path, ".so") || path == plugin) && !slices.Contains(found, path) {
			found = append(found, path)
		}
	}
	return "libraries in the process:\n" + strings.Join(found, "\n")
}

// device lists the devices and multiplies matrices of small integers, whose product is exact.
func device(b *backend.Backend, tell func(answer)) error {
	n := b.Backend.NumDevices()
	var names []string
	for i := range n {
		names = append(names, b.Backend.DeviceDescription(compute.DeviceNum(i)))
	}
	tell(answer{Text: b.String() + "\n" + strings.Join(names, "\n")})
	const side = 64
	x := make([]float32, side*side)
	for i := range x {
		x[i] = float32(i*7%13 - 6)
	}
	y, err := CallOnce(b.Backend, func(x *Node) *Node { return MatMul(x, x) }, tensors.FromFlatDataAndDimensions(x, side, side))
	if err != nil {
		return err
	}
	got := tensors.MustCopyFlatData[float32](y)
	for i := range side {
		for k := range side {
			var want float32
			for l := range side {
				want += x[i*side+l] * x[l*side+k]
			}
			if got[i*side+k] != want {
				return fmt.Errorf("a product of matrices is wrong: element %d, %d is %g, want %g", i, k, got[i*side+k], want)
			}
		}
	}
	tell(answer{Said: fmt.Sprintf("%d devices, %s", n, names[0]), Text: fmt.Sprintf("memory: %+v", b.Counts())})
	return nil
}

// begin prepares a search on the built-in images.
func begin(b *backend.Backend, j job, tell func(answer)) (*search.Search, error) {
	set, err := data.Sample()
	if err != nil {
		return nil, err
	}
	s := j.Search
	if j.Precision != "" {
		s.Precision = j.Precision
	}
	t, err := search.New(b, set, s)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := t.Prepare(nil); err != nil {
		t.Close()
		return nil, err
	}
	stats := b.Stats()
	tell(answer{Text: fmt.Sprintf("%s: %d programs compiled, %d loaded, in %.1f s; winners of races: %v", b, stats.Compiled, stats.Loaded, time.Since(start).Seconds(), b.Choices.All())})
	return t, nil
}

// oneStep makes the first step of a search and tells its loss.
func oneStep(b *backend.Backend, j job, tell func(answer)) error {
	t, err := begin(b, j, tell)
	if err != nil {
		return err
	}
	defer t.Close()
	start := time.Now()
	m, err := t.Step(0, 0)
	if err != nil {
		return err
	}
	tell(answer{Metrics: m, Text: fmt.Sprintf("a step took %.3f s: %v", time.Since(start).Seconds(), m)})
	return nil
}

// minute runs a search until the time is up, which saves it, and continues it for one more step.
func minute(ctx context.Context, b *backend.Backend, j job, tell func(answer)) error {
	dir, err := os.MkdirTemp("", "essnas-kit-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t, err := begin(b, j, tell)
	if err != nil {
		return err
	}
	defer t.Close()
	limited, cancel := context.WithTimeout(ctx, j.Minute)
	defer cancel()
	var losses []float64
	start := time.Now()
	watch := func(e fit.Event) error {
		if e.Kind == event.EndOfStep {
			losses = append(losses, e.Metrics["train_loss"])
		}
		return nil
	}
	err = fit.Run(limited, t, fit.Store{Dir: dir}, fit.Options{Ahead: time.Second / 2, Observe: watch})
	took := time.Since(start).Seconds()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && !errors.Is(err, context.DeadlineExceeded):
		return err
	case len(losses) == 0:
		return fmt.Errorf("no step ended within %v", j.Minute)
	}
	before := len(losses)
	first, last := mean(losses[:min(10, before)]), mean(losses[max(0, before-10):])
	tell(answer{Said: fmt.Sprintf("%d steps in %.1f s, loss %.4f to %.4f", before, took, first, last), Text: fmt.Sprintf("memory: %+v", b.Counts())})
	if math.IsNaN(last) || math.IsInf(last, 0) {
		return fmt.Errorf("the loss is %g after %d steps", last, before)
	}
	if err == nil {
		return nil // the whole search took less
	}
	again, stop := context.WithCancel(ctx)
	defer stop()
	err = fit.Run(again, t, fit.Store{Dir: dir}, fit.Options{Observe: func(e fit.Event) error {
		if e.Kind == event.EndOfStep {
			stop()
		}
		return watch(e)
	}})
	if len(losses) == before {
		return fmt.Errorf("the search does not go on from its checkpoint: %w", err)
	}
	tell(answer{Text: fmt.Sprintf("the search went on from its checkpoint, loss %.4f", losses[before])})
	return nil
}

func mean(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}
