package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/essnas/essnas/lib/backend/plugin"
	"github.com/essnas/essnas/lib/internal/build"
	"github.com/essnas/essnas/lib/internal/cachedir"
	"github.com/spf13/cobra"
)

// version is the result of essnas version.
type version struct {
	build.Info
	Go      string        `json:"go"`
	System  string        `json:"system"`
	XLA     string        `json:"go-xla"` // the binding's version
	Plugins []plugin.Info `json:"plugins"`
}

func (p *program) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print version, commit, Go's version and the XLA plugins",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			cache, err := cachedir.Path()
			if err != nil {
				return err
			}
			v := version{Info: build.Read(), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, Plugins: plugin.List(plugin.Dir(cache))}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, d := range info.Deps {
					if d.Path == "github.com/gomlx/go-xla" {
						v.XLA = d.Version
					}
				}
			}
			return p.print(c, v, func(w io.Writer) error { return v.write(w) })
		},
	}
}

func (v version) write(w io.Writer) error {
	changed := ""
	if v.Modified {
		changed = ", with changes"
	}
	fmt.Fprintf(w, "essnas %s\ncommit %s%s\nbuilt with %s for %s, go-xla %s\n", v.Version, v.Commit, changed, v.Go, v.System, v.XLA)
	if len(v.Plugins) == 0 {
		fmt.Fprintf(w, "XLA plugin: no wheel exists for %s\n", v.System)
	}
	for _, i := range v.Plugins {
		where := i.Path
		if where == "" {
			where = "not installed"
		}
		fmt.Fprintf(w, "XLA plugin for %s: %s, %s\n", i.Kind, i.Package, where)
	}
	return nil
}
