package plugin

import (
	"fmt"
	"strings"
)

// Info describes the plugin for a kind of device.
type Info struct {
	Kind    string `json:"kind"`           // cpu or cuda
	Package string `json:"package"`        // the installed wheel, or those that this program would install
	Path    string `json:"path,omitempty"` // the plugin that a run would load first; "" if none is installed
}

// List describes the plugins that are installed or can be installed on this machine, without
// loading or installing one. plugins is the directory of [Install].
func List(plugins string) []Info {
	var all []Info
	for _, kind := range []Kind{CPU, CUDA} {
		i := Info{Kind: string(kind)}
		var names []string
		for _, w := range wheels {
			if w.here() && KindOf(w.library) == kind {
				names = append(names, w.String())
			}
		}
		i.Package = strings.Join(names, " or ")
		if paths := Installed(kind, plugins); len(paths) > 0 {
			i.Path, i.Package = paths[0], Describe(paths[0])
		}
		if i.Package != "" {
			all = append(all, i)
		}
	}
	return all
}

// Named returns the wheel of a name, cpu, cuda13 or cuda12, whatever this machine has: an image is
// built on a machine without a GPU. It returns an error for another name.
func Named(name string) (Wheel, error) {
	w, ok := map[string]Wheel{"cpu": cpuWheel, "cuda13": cuda13Wheel, "cuda12": cuda12Wheel}[name]
	if !ok {
		return w, fmt.Errorf("there is no plugin %q: choose cpu, cuda13 or cuda12", name)
	}
	return w, nil
}
