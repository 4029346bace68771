package backend

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/essnas/essnas/lib/backend/pjrt"
	"github.com/essnas/essnas/lib/backend/plugin"
	"github.com/essnas/essnas/lib/customcall"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/go-xla/compute/xla"
	goxla "github.com/gomlx/go-xla/pjrt"
)

// Choice selects the device: Auto, CUDA, CPU, Go, Rehearsal, or the path of a PJRT plugin.
type Choice string

// The named choices. The empty choice is that of $ESSNAS_BACKEND, or Auto. Rehearsal treats a CPU
// as a GPU in every respect (layout, separate memory, asynchronous execution, races), to test this
// code without a GPU.
const (
	Auto      Choice = "auto"
	CUDA      Choice = "cuda"
	CPU       Choice = "cpu"
	Go        Choice = "go"
	Rehearsal Choice = "rehearsal"
)

// FromEnvironment returns the choice of $ESSNAS_BACKEND, or Auto if it is not set.
func FromEnvironment() Choice {
	if c := os.Getenv("ESSNAS_BACKEND"); c != "" {
		return Choice(c)
	}
	return Auto
}

// Options are the settings of [Open]. The zero value suits most programs.
type Options struct {
	Choice   Choice
	CacheDir string // "" for $ESSNAS_CACHE, or "essnas" in the user's cache directory
	// number of devices that the CPU presents, for data-parallel experiments; 0: one. All share all
	// cores
	Devices int
	Log     io.Writer // receives messages on installations; nil for os.Stderr
	// receives warnings, such as that of a slower device than the best; nil for Log. os.Stderr gets
	// each warning once in a process
	Warnings io.Writer
	NoCache  bool // compile always: do not read or write executables on the disk
}

// Backend is an open backend. GoMLX takes its field Backend; a tensor belongs to the backend that
// computed it. A backend lives as long as the process and is safe for concurrent use.
type Backend struct {
	Backend compute.Backend
	Kind    string // "cuda", "cpu", "go" or "rehearsal"
	Plugin  string // the plugin's path; "" for go
	// package of the plugin with its version if known, and version of the PJRT interface
	PluginVersion string
	Device        compute.DeviceNum // device of a run on one device: the first, or that of On
	Choices       *Choices          // see Racing; nil: no races

	named    bool         // chosen by its kind, not by its path
	plugin   *pjrt.Plugin // nil for go
	cacheDir string
}

// On returns the same backend for runs on another of its devices, 0 ... Backend.NumDevices()-1.
func (b *Backend) On(device int) *Backend {
	other := *b
	other.Device = compute.DeviceNum(device)
	return &other
}

// Stats returns the numbers of compiled programs and of programs loaded from the disk.
func (b *Backend) Stats() pjrt.CacheStats {
	if b.plugin == nil {
		return pjrt.CacheStats{}
	}
	return b.plugin.Stats()
}

// Counts returns the numbers of executions so far, and the device's memory.
func (b *Backend) Counts() pjrt.Counts {
	if b.plugin == nil {
		return pjrt.Counts{}
	}
	return b.plugin.Counts()
}

// MarkPeak restarts the measurement of Counts' peak of array bytes.
func (b *Backend) MarkPeak() {
	if b.plugin != nil {
		b.plugin.MarkPeak()
	}
}

// Program returns the StableHLO text of the program that compile asks this backend to compile, as
// the plugin would get it. The program itself is not compiled, and compile does not return. Nothing
// else may use the process's backends in the meantime.
//
// Program returns an error for the backend in pure Go, which has no StableHLO, and for a function
// that compiles nothing.
func (b *Backend) Program(compile func()) (text []byte, err error) {
	if b.plugin == nil {
		return nil, fmt.Errorf("%s has no StableHLO: choose a backend of XLA, as with --backend cpu", b)
	}
	return pjrt.Program(compile)
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
	opened = map[string]*Backend{} // by the path of the plugin, "" for go; a rehearsal has a prefix
	// plugins that could not be opened: a second attempt may crash the process
	broken = map[string]error{}
	warned = map[string]bool{} // the warnings that os.Stderr has got
)

// warn writes a warning. The stages of a command open the backend one after the other, and os.Stderr
// need not repeat the warning for each.
func (o Options) warn(format string, a ...any) {
	text := fmt.Sprintf(format, a...)
	if o.Warnings == io.Writer(os.Stderr) {
		if warned[text] {
			return
		}
		warned[text] = true
	}
	fmt.Fprintln(o.Warnings, text)
}

func openGo() (*Backend, error) {
	if b := opened[""]; b != nil {
		return b, nil
	}
	// its worker pool can deadlock when operations run concurrently
	g, err := gobackend.New("ops_sequential")
	if err != nil {
		return nil, err
	}
	b := &Backend{Backend: g, Kind: string(Go)}
	opened[""] = b
	return b, nil
}

// openPlugin creates the only client of a plugin in this process, or returns the existing one.
func openPlugin(path string, o Options) (*Backend, error) {
	devices := max(1, o.Devices)
	name := path
	if o.Choice == Rehearsal {
		name = "rehearsal " + path
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
	b, err := newClient(path, devices, o)
	if err != nil {
		broken[name] = err
		return nil, err
	}
	opened[name] = b
	return b, nil
}

func newClient(path string, devices int, o Options) (*Backend, error) {
	kind := Choice(plugin.KindOf(path))
	if kind == CUDA {
		plugin.PrepareCUDA(path)
	}
	var cache *pjrt.Executables
	var cacheErr error
	switch {
	case o.NoCache:
	case strings.Contains(os.Getenv("XLA_FLAGS"), "xla_dump"):
		cacheErr = errors.New("compiled executables are not kept, since XLA_FLAGS asks for dumps, which only compiling writes")
	default:
		cache, cacheErr = pjrt.OpenExecutables(o.CacheDir)
	}
	shared := kind == CPU && o.Choice != Rehearsal
	name := registeredName(path, kind, o.Choice == Rehearsal)
	h, err := pjrt.Register(path, name, pjrt.Options{Cache: cache, CPU: kind == CPU, Shared: shared})
	if err != nil {
		return nil, err
	}
	if cacheErr != nil {
		h.Note(cacheErr.Error())
	}
	config, options := name+",noshared_buffers", goxla.NamedValuesMap{}
	if kind == CPU {
		options["cpu_device_count"] = int64(devices)
	}
	if shared {
		config = name + ",shared_buffers"
	}
	x, err := xla.NewWithOptions(config, options)
	if err != nil && kind == CPU && devices == 1 { // the plugin does not know the option
		x, err = xla.NewWithOptions(config, nil)
	}
	if err != nil {
		what, _, _ := strings.Cut(innermost(err).Error(), "\n")
		f := &plugin.Fault{Event: fmt.Sprintf("the plugin %s does not start (%s)", path, what), Advice: "remove it if it is damaged or of another system"}
		if kind == CUDA {
			f.Advice = "see whether nvidia-smi shows the GPU, or compute without it by --backend cpu"
		}
		return nil, f
	}
	if h.Kernels() {
		customcall.Attach(x)
	}
	if o.Choice == Rehearsal {
		kind = Rehearsal
	}
	return &Backend{Backend: x, Kind: string(kind), Plugin: path, PluginVersion: fmt.Sprintf("%s, PJRT %s", plugin.Describe(path), h.Version()), plugin: h, cacheDir: o.CacheDir}, nil
}

// registeredName returns the name under which go-xla registers a plugin. go-xla searches the name
// for "cpu" and "cuda", expects an absolute path, and cuts it at commas. Paths that it would
// misread get another name, and so does a second client of a plugin.
func registeredName(path string, kind Choice, again bool) string {
	upper := strings.ToUpper(path)
	if again || goxla.IsCUDAName(path) != (kind == CUDA) || strings.Contains(upper, "CPU") != (kind == CPU) || strings.Contains(path, ",") {
		return fmt.Sprintf("/%s-%d", kind, len(opened)+len(broken)) // unique
	}
	return path
}

// innermost returns the error at the bottom of a chain, because go-xla's chains are long.
func innermost(err error) error {
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return err
}
