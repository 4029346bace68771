package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/essnas/essnas/lib/internal/checkout"
	"github.com/essnas/essnas/lib/jupyter"
	"github.com/spf13/cobra"
)

func (p *program) kernel() *cobra.Command {
	c := &cobra.Command{
		Use:   "kernel",
		Short: "The Go kernel for Jupyter: install, remove, run notebooks with it, make pages of them",
		Long: `The kernel "Go (essnas)" runs the cells of notebooks as Go programs that import this checkout's packages. essnas lab needs none of these commands. They are for
a Jupyter or an editor (VS Code) of your own, and for running notebooks without a browser.`,
		Args: knownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.kernelInstall(), p.kernelRemove(), p.kernelRun(), p.kernelHTML(), p.kernelSlides(), p.kernelClass())
	return c
}

func (p *program) kernelInstall() *cobra.Command {
	return &cobra.Command{
		Use:   "install",
		Short: "Let the user's own Jupyter, or VS Code, find the kernel",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			tree, err := checkout.Find()
			if err != nil {
				return err
			}
			say := func(text string) { fmt.Fprintln(os.Stderr, text) }
			if _, err := jupyter.Tools(c.Context(), tree, say); err != nil {
				return err
			}
			if err := jupyter.Gopls(c.Context(), tree, say); c.Context().Err() != nil {
				return err
			} else if err != nil { // there is no network
				say(err.Error())
			}
			spec, err := jupyter.InstallKernel(tree)
			if err != nil {
				return err
			}
			return p.print(c, map[string]string{"kernel": spec}, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "Installed in %s. It runs the sources in %s; essnas kernel remove removes it.\n", spec, tree.Root)
				return err
			})
		},
	}
}

func (p *program) kernelRemove() *cobra.Command {
	return &cobra.Command{
		Use:   "remove",
		Short: "Undo essnas kernel install",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			spec, err := jupyter.RemoveKernel()
			if err != nil {
				return err
			}
			return p.print(c, map[string]string{"removed": spec}, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "Removed %s.\n", spec)
				return err
			})
		},
	}
}

// executed is the result of essnas kernel run for a notebook.
type executed struct {
	Notebook string          `json:"notebook"`
	Seconds  float64         `json:"seconds"`
	Cells    []float64       `json:"cells"` // seconds of each
	Figures  int             `json:"figures"`
	Bytes    int             `json:"bytes"`
	Faults   []jupyter.Fault `json:"faults"`
}

func (p *program) kernelRun() *cobra.Command {
	var out string
	var limit time.Duration
	c := &cobra.Command{
		Use:   "run NOTEBOOK...",
		Short: "Run notebooks from top to bottom, without a browser",
		Long: `Run notebooks from top to bottom, without a browser, and save their outputs. A failing cell or shell line is an error, except in a cell with the comment
"` + jupyter.Expected + `". A figure that lacks one of its formats is an error, too.`,
		Example: `  essnas kernel run notebooks/00-start.ipynb
  essnas kernel run --out /tmp/run notebooks/*.ipynb`,
		RunE: func(c *cobra.Command, files []string) error {
			if len(files) == 0 {
				return errors.New("which notebook? Name one or more .ipynb files")
			}
			tree, err := checkout.Find()
			if err != nil {
				return err
			}
			var all []executed
			faults := 0
			for _, file := range files {
				to := file
				if out != "" {
					to = filepath.Join(out, filepath.Base(file))
				}
				start := time.Now()
				n, err := jupyter.Execute(c.Context(), tree, file, to, limit, func(text string) { fmt.Fprintln(os.Stderr, text) })
				if err != nil {
					return err
				}
				e := executed{Notebook: to, Seconds: time.Since(start).Seconds(), Figures: n.Figures(), Bytes: n.Size(), Faults: n.Faults()}
				for _, cell := range n.Cells() {
					e.Cells = append(e.Cells, cell.Took().Seconds())
				}
				faults += len(e.Faults)
				all = append(all, e)
				if !p.json {
					fmt.Fprintf(c.OutOrStdout(), "%s  %.1f s, %d figures, %s\n", to, e.Seconds, e.Figures, humanize.Bytes(uint64(e.Bytes)))
					for _, f := range e.Faults {
						fmt.Fprintf(c.OutOrStdout(), "  %s\n", f.Error())
					}
				}
			}
			if p.json {
				if err := p.print(c, all, nil); err != nil {
					return err
				}
			}
			if faults > 0 {
				return fmt.Errorf("%d of the outputs are faulty", faults)
			}
			return nil
		},
	}
	c.Flags().StringVar(&out, "out", "", "`DIR` for the notebooks with their outputs; default: replace the files")
	c.Flags().DurationVar(&limit, "limit", 10*time.Minute, "time limit of a cell")
	return c
}

func (p *program) kernelHTML() *cobra.Command {
	return p.pages(".html", jupyter.Page, &cobra.Command{
		Use:   "html NOTEBOOK...",
		Short: "Make pages of notebooks, for a browser without a network",
		Long: `Make pages (HTML) of notebooks with their saved outputs. A page is a single file that loads nothing: it contains formulas, figures and the sliders of
notebook 13.

A browser prints a page to PDF. With LaTeX and pandoc, a Jupyter of your own can also make a PDF. The option lets it take the PNG figures, so that it needs
no Inkscape:
jupyter nbconvert --to pdf --SVG2PDFPreprocessor.enabled=False NOTEBOOK`,
		Example: `  essnas kernel html --out pages notebooks/*.ipynb`,
	})
}

func (p *program) kernelSlides() *cobra.Command {
	return p.pages(".slides.html", jupyter.Slides, &cobra.Command{
		Use:   "slides NOTEBOOK...",
		Short: "Make slides of notebooks, for a browser without a network",
		Long: `Make slides of notebooks with their saved outputs: a page (HTML) that contains reveal.js and loads nothing. Each section is a slide. The arrow keys turn
the slides, F fills the screen, and the sliders work.`,
		Example: `  essnas kernel slides --out pages notebooks/13-ablation.ipynb`,
	})
}

// pages completes a command that makes a file with this extension from each notebook.
func (p *program) pages(ending string, make func(context.Context, checkout.Tree, string, string, func(string)) error, c *cobra.Command) *cobra.Command {
	var out string
	c.RunE = func(c *cobra.Command, files []string) error {
		if len(files) == 0 {
			return errors.New("which notebook? Name one or more .ipynb files")
		}
		tree, err := checkout.Find()
		if err != nil {
			return err
		}
		var pages []string
		for _, file := range files {
			page := strings.TrimSuffix(file, ".ipynb") + ending
			if out != "" {
				page = filepath.Join(out, filepath.Base(page))
			}
			if err := make(c.Context(), tree, file, page, func(text string) { fmt.Fprintln(os.Stderr, text) }); err != nil {
				return err
			}
			pages = append(pages, page)
		}
		return p.print(c, map[string]any{"pages": pages}, func(w io.Writer) error {
			_, err := fmt.Fprintln(w, strings.Join(pages, "\n"))
			return err
		})
	}
	c.Flags().StringVar(&out, "out", "", "`DIR` for the pages; default: beside the notebooks")
	return c
}

func (p *program) kernelClass() *cobra.Command {
	var out string
	var edition jupyter.Edition
	c := &cobra.Command{
		Use:   "class --out DIR NOTEBOOK...",
		Short: "Make editions of notebooks for a class: for students, for lecturers, for nbgrader",
		Long: `Make copies of notebooks for a class, with the files that their cells read. The students' edition has no outputs. The lecturers' edition (--solutions) has the
outputs and the solutions of all exercises, folded. --nbgrader makes the source of assignments for nbgrader from the notebooks 00-start, 02-cell and
05-barlow: exercises with model answers and tests, and nbgrader's configuration for Go.`,
		Example: `  essnas kernel class --out class notebooks/*.ipynb
  essnas kernel class --solutions --out lecturer notebooks/*.ipynb
  essnas kernel class --nbgrader --out course/source/cells notebooks/02-cell.ipynb`,
		RunE: func(c *cobra.Command, files []string) error {
			if len(files) == 0 {
				return errors.New("which notebook? Name one or more .ipynb files")
			}
			for _, file := range files {
				if err := jupyter.Class(file, out, edition); err != nil {
					return err
				}
			}
			if edition.Graded {
				if err := os.WriteFile(filepath.Join(out, "nbgrader_config.py"), []byte(jupyter.GraderConfig), 0o644); err != nil {
					return err
				}
			}
			return p.print(c, map[string]any{"notebooks": len(files), "directory": out}, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%d notebooks in %s\n", len(files), out)
				return err
			})
		},
	}
	c.Flags().StringVar(&out, "out", "", "`DIR` for the copies")
	c.MarkFlagRequired("out")
	c.Flags().BoolVar(&edition.Solutions, "solutions", false, "add the solutions of the exercises, and keep the outputs")
	c.Flags().BoolVar(&edition.Graded, "nbgrader", false, "make the source of assignments for nbgrader")
	return c
}
