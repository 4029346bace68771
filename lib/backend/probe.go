package backend

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/essnas/essnas/lib/backend/pjrt"
	"github.com/essnas/essnas/lib/backend/plugin"
	"github.com/essnas/essnas/lib/internal/cachedir"
)

// Locate finds or installs the plugin of a choice and loads its library, and returns the path and
// the version of its PJRT interface. It creates no client: no device is touched. A GPU that does
// not work can thus be told from a library that can't be loaded. Locate returns the errors of
// [Open] for a missing plugin, and an error with the loader's reason for one that can't be loaded.
func Locate(ctx context.Context, o Options) (path, version string, err error) {
	if o.Log == nil {
		o.Log = os.Stderr
	}
	if o.CacheDir == "" {
		if o.CacheDir, err = cachedir.Path(); err != nil {
			return "", "", err
		}
	}
	kind := o.Choice
	switch o.Choice {
	case Rehearsal:
		kind = CPU
	case CPU, CUDA:
	default:
		return "", "", fmt.Errorf("the plugin of %q can't be located: choose cuda, cpu or rehearsal", o.Choice)
	}
	if kind == CUDA {
		if gpus, none := plugin.GPUs(); len(gpus) == 0 {
			return "", "", fmt.Errorf("CUDA can't be used, because %s; choose --backend cpu to compute without a GPU", none)
		}
	}
	var faults []error
	load := func(path string) (version string, ok bool) {
		if kind == CUDA {
			plugin.PrepareCUDA(path)
		}
		version, err := pjrt.VersionOf(path)
		if err != nil {
			faults = append(faults, err)
		}
		return version, err == nil
	}
	plugins := plugin.Dir(o.CacheDir)
	for _, path := range plugin.Installed(plugin.Kind(kind), plugins) {
		if version, ok := load(path); ok {
			return path, version, nil
		}
	}
	wheel, err := plugin.For(plugin.Kind(kind))
	if err == nil {
		path, err = plugin.Install(ctx, plugins, wheel, o.Log)
	}
	if err == nil {
		if version, ok := load(path); ok {
			return path, version, nil
		}
	} else {
		faults = append(faults, err)
	}
	return "", "", fmt.Errorf("XLA on %s has no working plugin, because %w", strings.ToUpper(string(kind)), plugin.Together(faults))
}
