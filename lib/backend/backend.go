package backend

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

// Choice is what to compute on: Auto, CUDA, CPU, Go, or the path of a PJRT plugin.
type Choice string

// The choices that have a name. The empty choice is that of $ESSNAS_BACKEND, or Auto.
const (
	Auto Choice = "auto"
	CUDA Choice = "cuda"
	CPU  Choice = "cpu"
	Go   Choice = "go"
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
	Devices  int       // devices of the CPU, for data-parallel experiments; 0 for one
	Log      io.Writer // is told what is being installed, and warnings; nil for os.Stderr
	NoCache  bool      // compile always: executables are neither read from the disk nor kept there
}

// Backend is an open backend. Give its field Backend to GoMLX: tensors remember that value, and a tensor belongs to
// one backend only. It lives as long as the process and is safe for concurrent use.
type Backend struct {
	Backend       compute.Backend
	Kind          string // "cuda", "cpu" or "go"
	Plugin        string // the path of the plugin; "" for go
	PluginVersion string // package and version if known, and the version of the interface
}

var (
	mu   sync.Mutex
	open = map[string]*Backend{} // by the plugin's path, "" for go
)

// Open returns the backend that o.Choice names, installing its plugin if need be. Errors say what to do. A plugin that
// is open already is shared: its first opening decides about devices and cache, and asking for another number of
// devices is an error.
func Open(ctx context.Context, o Options) (*Backend, error) {
	if o.Log == nil {
		o.Log = os.Stderr
	}
	if o.Choice == "" {
		o.Choice = FromEnvironment()
	}
	if o.CacheDir == "" {
		dir, err := CacheDir()
		if err != nil {
			return nil, err
		}
		o.CacheDir = dir
	}
	mu.Lock()
	defer mu.Unlock()
	switch o.Choice {
	case Go:
		return openGo()
	case CPU, Auto:
		plugin, err := install(ctx, pluginsDir(o.CacheDir), cpuWheel, o.Log)
		if err != nil {
			return nil, err
		}
		return openPlugin(plugin, o)
	}
	plugin, err := filepath.Abs(string(o.Choice))
	if err != nil {
		return nil, err
	}
	if !isFile(plugin) {
		return nil, fmt.Errorf("there is no backend %q: choose auto, cuda, cpu, go or the path of a PJRT plugin", o.Choice)
	}
	return openPlugin(plugin, o)
}

func openGo() (*Backend, error) {
	if b := open[""]; b != nil {
		return b, nil
	}
	g, err := gobackend.New("")
	if err != nil {
		return nil, err
	}
	open[""] = &Backend{Backend: g, Kind: string(Go)}
	return open[""], nil
}

func openPlugin(plugin string, o Options) (*Backend, error) {
	if b := open[plugin]; b != nil {
		return b, nil
	}
	x, err := xla.NewWithOptions(plugin, pjrt.NamedValuesMap{"cpu_device_count": int64(max(1, o.Devices))})
	if err != nil {
		return nil, err
	}
	open[plugin] = &Backend{Backend: x, Kind: string(CPU), Plugin: plugin}
	return open[plugin], nil
}
