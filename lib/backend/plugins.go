package backend

import (
	"path/filepath"
	"strings"
)

// PluginInfo describes the plugin for a kind of device.
type PluginInfo struct {
	Kind    string `json:"kind"`           // cpu or cuda
	Package string `json:"package"`        // the installed wheel, or those that this program would install
	Path    string `json:"path,omitempty"` // the plugin that a run would load first; "" if none is installed
}

// Plugins lists the plugins that are installed or can be installed on this machine, without loading
// or installing one. cacheDir is "" for CacheDir(). Plugins returns an error if there is no cache
// directory.
func Plugins(cacheDir string) ([]PluginInfo, error) {
	if cacheDir == "" {
		dir, err := CacheDir()
		if err != nil {
			return nil, err
		}
		cacheDir = dir
	}
	var all []PluginInfo
	for _, kind := range []Choice{CPU, CUDA} {
		i := PluginInfo{Kind: string(kind)}
		var wheels []string
		for _, w := range pluginWheels {
			if w.here() && kindOf(w.library) == kind {
				wheels = append(wheels, w.String())
			}
		}
		i.Package = strings.Join(wheels, " or ")
		if paths := installed(kind, cacheDir); len(paths) > 0 {
			i.Path, i.Package = paths[0], filepath.Base(paths[0])
			if name := wheelAt(paths[0]); name != "" {
				i.Package = name
			}
		}
		if i.Package != "" {
			all = append(all, i)
		}
	}
	return all, nil
}

// wheelAt returns name and version of the wheel that this program unpacked to a plugin's path, or
// "".
func wheelAt(plugin string) string {
	for _, w := range pluginWheels {
		if strings.Contains(plugin, string(filepath.Separator)+w.name+"-"+w.version+string(filepath.Separator)) {
			return w.String()
		}
	}
	return ""
}
