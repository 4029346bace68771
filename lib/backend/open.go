package backend

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/essnas/essnas/lib/backend/plugin"
	"github.com/essnas/essnas/lib/internal/cachedir"
)

// Open returns the backend that o.Choice names, and installs its plugin if necessary. It shares a
// plugin that is open already; the first Open of a plugin decides about devices and cache. The end
// of the context interrupts an installation; the open backend does not depend on it.
//
// Open returns an error with advice if no plugin of this kind can be installed or opened, if the
// choice is unknown, or if the plugin is open with another number of devices.
func Open(ctx context.Context, o Options) (*Backend, error) {
	if o.Log == nil {
		o.Log = os.Stderr
	}
	if o.Warnings == nil {
		o.Warnings = o.Log
	}
	if o.Choice == "" {
		o.Choice = FromEnvironment()
	}
	if o.Devices < 0 {
		return nil, fmt.Errorf("%d devices: ask for at least 1", o.Devices)
	}
	if o.CacheDir == "" {
		dir, err := cachedir.Path()
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
	case CPU:
		return openKind(ctx, CPU, o)
	case Rehearsal:
		return openRehearsal(ctx, o)
	case CUDA:
		if gpus, none := plugin.GPUs(); len(gpus) == 0 {
			return nil, fmt.Errorf("CUDA can't be used, because %s; choose --backend cpu to compute without a GPU", none)
		}
		return openKind(ctx, CUDA, o)
	case Auto:
		return openAuto(ctx, o)
	}
	return openPath(o)
}

// openAuto tries CUDA if a GPU answers, then the CPU, then pure Go, and warns at each step down.
func openAuto(ctx context.Context, o Options) (*Backend, error) {
	gpus, _ := plugin.GPUs()
	if len(gpus) > 0 {
		b, err := openKind(ctx, CUDA, o)
		if err == nil || ctx.Err() != nil {
			return b, err
		}
		o.warn("WARNING: the GPU (%s) can't be used: %v\nWARNING: computing on the CPU; --backend cpu does so without a warning", gpus[0].Name, err)
	}
	b, err := openKind(ctx, CPU, o)
	if err == nil || ctx.Err() != nil {
		return b, err
	}
	o.warn("WARNING: %v\nWARNING: computing in pure Go, which is some 100 times slower: nothing but the smallest examples will end", err)
	return openGo()
}

// openRehearsal opens another client of the plugin for CPUs.
func openRehearsal(ctx context.Context, o Options) (*Backend, error) {
	for _, b := range opened {
		if b.Kind == string(CPU) && b.named {
			return openPlugin(b.Plugin, o)
		}
	}
	plain := o
	plain.Choice = CPU
	b, err := openKind(ctx, CPU, plain)
	if err != nil {
		return nil, err
	}
	return openPlugin(b.Plugin, o)
}

// openPath opens the plugin at a path given by the user.
func openPath(o Options) (*Backend, error) {
	path := string(o.Choice)
	if info, err := os.Stat(path); err != nil {
		if !strings.ContainsRune(path, filepath.Separator) {
			return nil, fmt.Errorf("there is no backend %q: choose auto, cuda, cpu, go or the path of a PJRT plugin", path)
		}
		return nil, fmt.Errorf("the PJRT plugin can't be read: %w; choose auto, cuda, cpu, go or the path of a plugin that is there", err)
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file: give the path of the PJRT plugin itself (*.so), or choose auto, cuda, cpu or go", path)
	}
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return nil, err
	}
	return openPlugin(real, o)
}

// openKind opens the first working plugin of a kind among the installed ones and those that can be
// installed.
func openKind(ctx context.Context, kind Choice, o Options) (*Backend, error) {
	for _, b := range opened {
		if b.Kind == string(kind) && b.named {
			return openPlugin(b.Plugin, o)
		}
	}
	var faults []error
	try := func(path string) *Backend {
		b, err := openPlugin(path, o)
		if err != nil {
			faults = append(faults, err)
			return nil
		}
		b.named = true
		return b
	}
	plugins := plugin.Dir(o.CacheDir)
	for _, path := range plugin.Installed(plugin.Kind(kind), plugins) {
		if b := try(path); b != nil {
			return b, nil
		}
	}
	wheel, err := plugin.For(plugin.Kind(kind))
	if err == nil {
		var path string
		path, err = plugin.Install(ctx, plugins, wheel, o.Log)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil {
			if b := try(path); b != nil {
				return b, nil
			}
		}
	}
	if err != nil {
		faults = append(faults, err)
	}
	return nil, fmt.Errorf("XLA on %s has no working plugin, because %w", strings.ToUpper(string(kind)), plugin.Together(faults))
}
