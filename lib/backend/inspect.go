package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/essnas/essnas/lib/backend/pjrt"
	"github.com/essnas/essnas/lib/backend/plugin"
	"github.com/essnas/essnas/lib/internal/cachedir"
	"github.com/essnas/essnas/lib/internal/cgroup"
	"github.com/gomlx/compute"
	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/mem"
)

// State is the state of a kind of backend.
type State string

// The states of a kind of backend.
const (
	Ready       State = "ready"
	Installable State = "not installed"
	Unusable    State = "unusable"
)

// KindReport is Inspect's result for one kind of backend.
type KindReport struct {
	Kind    string   `json:"kind"` // "cuda", "cpu", "go"
	State   State    `json:"state"`
	Plugin  string   `json:"plugin,omitempty"`
	Version string   `json:"version,omitempty"`
	Devices []string `json:"devices,omitempty"`
	Detail  string   `json:"detail,omitempty"` // purpose; or why it is not ready and how to mend it
}

// Report is Inspect's result: the machine, the backends, the cache. Sizes are in bytes, 0 if
// unknown.
type Report struct {
	System          string       `json:"system"`    // operating system and processor kind
	Processor       string       `json:"processor"` // its name
	Cores           int          `json:"cores"`     // available to this process
	Memory          uint64       `json:"memory"`
	MemoryLimit     uint64       `json:"memory_limit,omitempty"` // of a container or job; 0: none
	MemoryAvailable uint64       `json:"memory_available"`       // below the limit, too
	GPUs            []plugin.GPU `json:"gpus"`
	Choice          Choice       `json:"choice"` // of $ESSNAS_BACKEND, or auto
	Chosen          string       `json:"chosen"` // the resulting kind or path
	// cuda, cpu, go, and the plugin that the choice names
	Kinds           []KindReport `json:"kinds"`
	Pip             string       `json:"pip"`       // version of pip; "" without pip
	Tuned           bool         `json:"tuned"`     // glibc's allocator is set for XLA, see Retune
	CacheDir        string       `json:"cache"`     // plugins and executables
	DiskFree        uint64       `json:"disk_free"` // in CacheDir
	Executables     int          `json:"executables"`
	ExecutableBytes int64        `json:"executable_bytes"`
	Advice          []string     `json:"advice"` // one sentence for each problem
}

// Inspect examines the machine without installing or changing anything. It opens the installed
// plugins, the only way to learn whether they work.
func Inspect(ctx context.Context) Report {
	r := Report{System: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU(), Choice: FromEnvironment()}
	advise := func(format string, a ...any) { r.Advice = append(r.Advice, fmt.Sprintf(format, a...)) }
	if info, err := cpu.InfoWithContext(ctx); err == nil && len(info) > 0 {
		r.Processor = info[0].ModelName
	}
	if m, err := mem.VirtualMemoryWithContext(ctx); err == nil {
		r.inspectMemory("/", m.Total, m.Available, advise)
	}
	if version, err := plugin.PipVersion(ctx); err == nil {
		r.Pip = version
	}
	_, tune := retune(os.Environ())
	r.Tuned = !tune && strings.Contains(os.Getenv("GLIBC_TUNABLES"), "glibc.malloc.")
	dir, err := cachedir.Path()
	if err != nil {
		advise("%v", err)
	} else {
		r.inspectCache(dir, advise)
	}
	gpus, noGPU := plugin.GPUs()
	r.GPUs = gpus
	r.Kinds = []KindReport{r.inspectKind(CUDA, dir, noGPU), r.inspectKind(CPU, dir, ""), {
		Kind: string(Go), State: Ready, Detail: "some 100 times slower than XLA: for small tests of arithmetic only",
	}}
	r.choose(advise)
	return r
}

// inspectMemory takes the memory of the machine, and control groups below root.
func (r *Report) inspectMemory(root string, total, available uint64, advise func(string, ...any)) {
	r.Memory, r.MemoryAvailable = total, available
	remedy := "end other programs"
	if limit, room, ok := cgroup.Memory(root, 0); ok && uint64(limit) < total {
		r.MemoryLimit, r.MemoryAvailable = uint64(limit), min(available, uint64(room))
		remedy = "give the container or job more, end other programs in it"
	}
	if r.MemoryAvailable < 2<<30 {
		advise("%.1f GB of memory are free: a search on CIFAR-10 takes 1.5 GB; %s, or choose fewer channels or a smaller batch", float64(r.MemoryAvailable)/1e9, remedy)
	}
}

func (r *Report) inspectCache(dir string, advise func(string, ...any)) {
	r.CacheDir = dir
	existing := dir
	for !isDir(existing) && existing != filepath.Dir(existing) {
		existing = filepath.Dir(existing)
	}
	if d, err := disk.Usage(existing); err == nil {
		r.DiskFree = d.Free
		if d.Free < 2<<30 {
			advise("%.1f GB are free on the disk of %s: make room, or set ESSNAS_CACHE to a larger one", float64(d.Free)/1e9, dir)
		}
	}
	var err error
	if r.Executables, r.ExecutableBytes, err = pjrt.CountExecutables(dir); err != nil {
		advise("compiled executables can't be read (%v): everything is compiled at each start", err)
	}
	if f, err := os.CreateTemp(existing, ".new-*"); err == nil {
		f.Close()
		os.Remove(f.Name())
	} else {
		advise("%s can't be written to (%v): set ESSNAS_CACHE to a directory that can, or everything is compiled at each start", existing, errors.Unwrap(err))
	}
}

func (r *Report) inspectKind(kind Choice, cacheDir, noGPU string) KindReport {
	k := KindReport{Kind: string(kind)}
	if noGPU != "" {
		k.State, k.Detail = Unusable, noGPU
		return k
	}
	mu.Lock()
	defer mu.Unlock()
	plugins := plugin.Dir(cacheDir)
	for _, path := range plugin.Installed(plugin.Kind(kind), plugins) {
		b, err := openPlugin(path, Options{CacheDir: cacheDir})
		if err == nil {
			k.ready(b)
			return k
		}
		k.Plugin, k.Detail = path, err.Error()
	}
	w, err := plugin.For(plugin.Kind(kind))
	if err != nil {
		k.State, k.Detail = Unusable, err.Error()
		return k
	}
	switch {
	case k.Plugin != "" && w.Whole(plugins): // no other would be installed
		k.State = Unusable
	case r.Pip == "":
		k.State, k.Detail = Unusable, plugin.ErrNoPip.Error()
	default:
		k.State, k.Detail = Installable, fmt.Sprintf("the first run downloads %s (%s)", w, w.Size)
	}
	return k
}

func (k *KindReport) ready(b *Backend) {
	k.State, k.Plugin, k.Version = Ready, b.Plugin, b.PluginVersion
	for i := range b.Backend.NumDevices() {
		k.Devices = append(k.Devices, b.Backend.DeviceDescription(compute.DeviceNum(i)))
	}
}

// choose determines the result of the choice, and gives advice if it is not the best one.
func (r *Report) choose(advise func(string, ...any)) {
	state := map[string]KindReport{}
	for _, k := range r.Kinds {
		state[k.Kind] = k
	}
	usable := func(kind Choice) bool { return state[string(kind)].State != Unusable }
	switch r.Choice {
	case Auto:
		switch {
		case usable(CUDA):
			r.Chosen = string(CUDA)
		case usable(CPU):
			r.Chosen = string(CPU)
		default:
			r.Chosen = string(Go)
			advise("XLA can't be used: %s", state[string(CPU)].Detail)
		}
		if len(r.GPUs) > 0 && !usable(CUDA) {
			advise("the GPU %s is not used: %s", r.GPUs[0].Name, state[string(CUDA)].Detail)
		}
	case CUDA, CPU, Go:
		r.Chosen = string(r.Choice)
		if !usable(r.Choice) {
			advise("ESSNAS_BACKEND=%s can't be used: %s", r.Choice, state[string(r.Choice)].Detail)
		}
	default:
		mu.Lock()
		defer mu.Unlock()
		r.Chosen = string(r.Choice)
		k := KindReport{Kind: "path", Plugin: r.Chosen}
		if b, err := openPath(Options{Choice: r.Choice, CacheDir: r.CacheDir}); err == nil {
			k.ready(b)
		} else {
			k.State, k.Detail = Unusable, err.Error()
			advise("ESSNAS_BACKEND=%s can't be used: %v", r.Choice, err)
		}
		r.Kinds = append(r.Kinds, k)
	}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
