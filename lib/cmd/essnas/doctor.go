package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/backend/pjrt"
	"github.com/essnas/essnas/lib/backend/plugin"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/internal/cachedir"
	"github.com/essnas/essnas/lib/jupyter"
	"github.com/spf13/cobra"
)

func (p *program) doctor() *cobra.Command {
	var cache, clear bool
	var install string
	c := &cobra.Command{
		Use:   "doctor",
		Short: "List the components of this machine, missing ones, and how to install them",
		Long: `List the components of this machine, missing ones, and how to install them: devices, memory, cores, disk, data sets, notebook kernel. The command changes nothing.

--install fetches a plugin without opening it, for example the plugin for GPUs to build an image on a machine without a GPU.
--cache counts the compiled programs on disk. --cache --clear deletes them, so that the next start compiles again.`,
		Example: `  essnas doctor
  essnas doctor --cache --clear
  essnas doctor --install cuda13`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if clear && !cache {
				return errors.New("--clear goes with --cache: essnas doctor --cache --clear")
			}
			if cache {
				return p.cache(c, clear)
			}
			if install != "" {
				return p.installPlugin(c, install)
			}
			if p.backend != "" {
				os.Setenv("ESSNAS_BACKEND", p.backend) // Inspect reads this variable
			}
			sets, err := data.List(p.data)
			if err != nil {
				return err
			}
			report := backend.Inspect(c.Context())
			value := struct {
				backend.Report
				Datasets []data.Info `json:"datasets"`
				Kernels  []string    `json:"kernels"`
			}{report, sets, jupyter.Kernels()}
			return p.print(c, value, func(w io.Writer) error { return diagnose(w, report, sets, value.Kernels) })
		},
	}
	c.Flags().BoolVar(&cache, "cache", false, "count the compiled programs on disk")
	c.Flags().StringVar(&install, "install", "", "fetch the `PLUGIN` cpu, cuda13 or cuda12 into the cache directory")
	c.Flags().BoolVar(&clear, "clear", false, "with --cache: delete the compiled programs")
	return c
}

func diagnose(w io.Writer, r backend.Report, sets []data.Info, kernels []string) error {
	bytes := func(n uint64) string {
		if n == 0 {
			return "unknown"
		}
		return humanize.Bytes(n)
	}
	memory := bytes(r.Memory) + " memory"
	if r.MemoryLimit > 0 {
		memory = fmt.Sprintf("%s memory, the limit of the container or job on a machine with %s", bytes(r.MemoryLimit), bytes(r.Memory))
	}
	fmt.Fprintf(w, "Machine    %s, %s, %d cores, %s (%s free)\n", r.System, r.Processor, r.Cores, memory, bytes(r.MemoryAvailable))
	for _, g := range r.GPUs {
		fmt.Fprintf(w, "GPU        %s, %s\n", g.Name, bytes(g.Memory))
	}
	fmt.Fprintf(w, "Cache      %s, %s free on its disk; %d compiled programs, %s\n", r.CacheDir, bytes(r.DiskFree), r.Executables, bytes(uint64(r.ExecutableBytes)))
	pip := r.Pip
	if pip == "" {
		pip = "not found"
	}
	fmt.Fprintf(w, "pip        %s\n\nBackend    %s (asked for: %s)\n", pip, r.Chosen, r.Choice)
	for _, k := range r.Kinds {
		fmt.Fprintf(w, "  %-6s %-14s %s\n", k.Kind, k.State, strings.Join(nonEmpty(k.Version, k.Plugin, strings.Join(k.Devices, ", "), k.Detail), "; "))
	}
	fmt.Fprint(w, "\nData sets\n")
	if err := listData(w, sets); err != nil {
		return err
	}
	if len(kernels) == 0 {
		kernels = []string{"none installed, and essnas lab needs none; essnas kernel install makes it available to a Jupyter of your own"}
	}
	fmt.Fprintf(w, "\nGo kernel for Jupyter  %s\n", strings.Join(kernels, ", "))
	lab := "there"
	if !jupyter.Installed() {
		lab = "not there yet: the first essnas lab installs it"
	}
	fmt.Fprintf(w, "JupyterLab             %s\n", lab)
	if len(r.Advice) == 0 {
		fmt.Fprint(w, "\nSearches have everything that they need.\n")
		return nil
	}
	fmt.Fprint(w, "\nWhat to do\n")
	for _, a := range r.Advice {
		fmt.Fprintf(w, "  - %s\n", a)
	}
	return nil
}

func (p *program) installPlugin(c *cobra.Command, name string) error {
	wheel, err := plugin.Named(name)
	if err != nil {
		return err
	}
	cache, err := cachedir.Path()
	if err != nil {
		return err
	}
	path, err := plugin.Install(c.Context(), plugin.Dir(cache), wheel, c.ErrOrStderr())
	if err != nil {
		return err
	}
	return p.print(c, map[string]string{"plugin": path}, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, path)
		return err
	})
}

func nonEmpty(texts ...string) (kept []string) {
	for _, t := range texts {
		if t != "" {
			kept = append(kept, t)
		}
	}
	return
}

func (p *program) cache(c *cobra.Command, clear bool) error {
	dir, err := cachedir.Path()
	if err != nil {
		return err
	}
	if clear {
		if err := pjrt.ClearExecutables(dir); err != nil {
			return err
		}
	}
	n, size, err := pjrt.CountExecutables(dir)
	if err != nil {
		return err
	}
	value := map[string]any{"cache": dir, "executables": n, "bytes": size, "cleared": clear}
	return p.print(c, value, func(w io.Writer) error {
		if clear {
			fmt.Fprint(w, "Cleared. ")
		}
		_, err := fmt.Fprintf(w, "%d compiled programs, %s, in %s\n", n, humanize.Bytes(uint64(size)), dir)
		return err
	})
}
