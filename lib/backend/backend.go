package backend

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/essnas/essnas/lib/kernel"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

// Choice is what to compute on: Auto, CUDA, CPU, Go, or the path of a PJRT plugin.
type Choice string

// The choices that have a name. The empty choice is that of $ESSNAS_BACKEND, or Auto. Rehearsal is a CPU that is treated as a GPU in everything - layout, memory
// apart from the host's, executions that nobody waits for, races -, to try without a GPU what can be tried of it.
const (
	Auto      Choice = "auto"
	CUDA      Choice = "cuda"
	CPU       Choice = "cpu"
	Go        Choice = "go"
	Rehearsal Choice = "rehearsal"
)

// FromEnvironment is the choice of $ESSNAS_BACKEND, Auto if that is not set.
func FromEnvironment() Choice {
	if c := os.Getenv("ESSNAS_BACKEND"); c != "" {
		return Choice(c)
	}
	return Auto
}

// Options are the settings of Open. The zero value is right for most programs.
type Options struct {
	Choice   Choice
	CacheDir string    // "" for CacheDir()
	Devices  int       // devices that the CPU is shown as, for data-parallel experiments; 0 for one. All share all cores
	Log      io.Writer // is told what is being installed, and warnings; nil for os.Stderr
	NoCache  bool      // compile always: executables are neither read from the disk nor written to it
}

// Backend is an open backend. Give its field Backend to GoMLX: a tensor belongs to the value that it was computed with.
// It lives as long as the process and is safe for concurrent use.
type Backend struct {
	Backend       compute.Backend
	Kind          string            // "cuda", "cpu", "go" or "rehearsal"
	Plugin        string            // the plugin's path; "" for go
	PluginVersion string            // the plugin's package with its version if known, and the version of the PJRT interface
	Device        compute.DeviceNum // that a run on one device takes: the first, or that of On
	Choices       *Choices          // see Racing; nil: no races

	named    bool // chosen by its kind, not by its path
	hook     *hook
	cacheDir string
}

// On is the same backend for runs on another of its devices, 0 ... Backend.NumDevices()-1.
func (b *Backend) On(device int) *Backend {
	other := *b
	other.Device = compute.DeviceNum(device)
	return &other
}

// Stats tells what was compiled so far and what came from the disk.
func (b *Backend) Stats() CacheStats {
	if b.hook == nil {
		return CacheStats{}
	}
	return b.hook.meter.stats()
}

// Counts tells what was executed so far, and the device's memory.
func (b *Backend) Counts() Counts {
	if b.hook == nil {
		return Counts{}
	}
	return b.hook.counts()
}

// MarkPeak makes Counts tell the most bytes of arrays from now on.
func (b *Backend) MarkPeak() {
	if b.hook != nil {
		b.hook.markPeak()
	}
}

// String describes the backend in a few words.
func (b *Backend) String() string {
	if b.Kind == string(Go) {
		return "pure Go"
	}
	s := fmt.Sprintf("XLA %s (%s", strings.ToUpper(b.Kind), b.PluginVersion)
	if n := b.Backend.NumDevices(); n > 1 {
		s += fmt.Sprintf(", %d devices", n)
	}
	return s + ")"
}

var (
	mu     sync.Mutex
	opened = map[string]*Backend{} // by the plugin's path, "" for go, with a word before it for a rehearsal
	broken = map[string]error{}    // plugins that could not be opened: a second try may bring the process down
)

func openGo() (*Backend, error) {
	if b := opened[""]; b != nil {
		return b, nil
	}
	g, err := gobackend.New("ops_sequential") // its pool of workers can deadlock when operations that share it run side by side
	if err != nil {
		return nil, err
	}
	b := &Backend{Backend: g, Kind: string(Go)}
	opened[""] = b
	return b, nil
}

// openPlugin creates the process's one client of a plugin, or returns the one that is there.
func openPlugin(plugin string, o Options) (*Backend, error) {
	devices := max(1, o.Devices)
	name := plugin
	if o.Choice == Rehearsal {
		name = "rehearsal " + plugin
	}
	if b := opened[name]; b != nil {
		if have := b.Backend.NumDevices(); have < devices {
			return nil, fmt.Errorf("the backend is open with %d devices and can't be opened with %d in the same process", have, devices)
		}
		return b, nil
	}
	if err := broken[name]; err != nil {
		return nil, err
	}
	b, err := newClient(plugin, devices, o)
	if err != nil {
		broken[name] = err
		return nil, err
	}
	opened[name] = b
	return b, nil
}

func newClient(plugin string, devices int, o Options) (*Backend, error) {
	kind := kindOf(plugin)
	if kind == CUDA {
		prepareCUDA(plugin)
	}
	var cache *executables
	var cacheErr error
	switch {
	case o.NoCache:
	case strings.Contains(os.Getenv("XLA_FLAGS"), "xla_dump"):
		cacheErr = errors.New("compiled executables are not kept, since XLA_FLAGS asks for dumps, which only compiling writes")
	default:
		cache, cacheErr = openExecutables(executablesDir(o.CacheDir), maxExecutables)
	}
	shared := kind == CPU && o.Choice != Rehearsal
	name := registeredName(plugin, kind, o.Choice == Rehearsal)
	h, err := register(plugin, name, cache, shared)
	if err != nil {
		return nil, err
	}
	if cacheErr != nil {
		h.meter.note(cacheErr.Error())
	}
	config, options := name+",noshared_buffers", pjrt.NamedValuesMap{}
	if kind == CPU {
		options["cpu_device_count"] = int64(devices)
	}
	if shared {
		config = name + ",shared_buffers"
	}
	x, err := xla.NewWithOptions(config, options)
	if err != nil && kind == CPU && devices == 1 { // a plugin that does not know the option
		x, err = xla.NewWithOptions(config, nil)
	}
	if err != nil {
		what, _, _ := strings.Cut(innermost(err).Error(), "\n")
		f := &fault{fmt.Sprintf("the plugin %s does not start (%s)", plugin, what), "remove it if it is damaged or of another system"}
		if kind == CUDA {
			f.advice = "see whether nvidia-smi shows the GPU, or compute without it by --backend cpu"
		}
		return nil, f
	}
	if h.kernels {
		kernel.Attach(x)
	}
	if o.Choice == Rehearsal {
		kind = Rehearsal
	}
	return &Backend{Backend: x, Kind: string(kind), Plugin: plugin, PluginVersion: describe(plugin, h), hook: h, cacheDir: o.CacheDir}, nil
}

// kindOf tells CUDA from CPU by the name of the plugin's file.
func kindOf(plugin string) Choice {
	if name := filepath.Base(plugin); pjrt.IsCUDAName(name) || strings.Contains(name, "gpu") {
		return CUDA
	}
	return CPU
}

// registeredName is what go-xla knows a plugin as. It looks for "cpu" and "cuda" anywhere in the name, wants an absolute
// path, and cuts it at commas; so a name is made up where the path would be misunderstood,
// or names another client of the same plugin.
func registeredName(plugin string, kind Choice, again bool) string {
	upper := strings.ToUpper(plugin)
	if again || pjrt.IsCUDAName(plugin) != (kind == CUDA) || strings.Contains(upper, "CPU") != (kind == CPU) || strings.Contains(plugin, ",") {
		return fmt.Sprintf("/%s-%d", kind, len(opened)+len(broken)) // used by no other
	}
	return plugin
}

// describe is the package and version that a plugin's path tells, and its version of the PJRT interface.
func describe(plugin string, h *hook) string {
	for _, w := range pluginWheels {
		if strings.Contains(plugin, string(filepath.Separator)+w.name+"-"+w.version+string(filepath.Separator)) {
			return fmt.Sprintf("%s, PJRT %s", w, h.version())
		}
	}
	return fmt.Sprintf("%s, PJRT %s", filepath.Base(plugin), h.version())
}
