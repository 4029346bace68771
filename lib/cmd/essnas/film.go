package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/film"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
	"github.com/spf13/cobra"
)

// filmed is the answer of film: the files of a film, and its numbers.
type filmed struct {
	Run      string         `json:"run"`
	GIF      string         `json:"gif"`
	Page     string         `json:"page"`
	Scenes   []film.Scene   `json:"scenes"`
	Fortunes []film.Fortune `json:"fortunes"`
}

// film is the command that makes the film of a search.
func (p *program) film() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "film RUN",
		Short: "Make a film of the cells of a search",
		Long: `Make a film of the cells of a search, epoch by epoch, from the record in its directory. The search may still be running.

film.gif   both cells, epoch by epoch: nodes and edges keep their places, changes have a yellow background
film.html  a page with a slider that needs no network. It also shows the similarity to the last cell, entropy, changes, drift of beta, the strongest
           operation of each edge, the mean weight of each operation, and heat maps of the alphas
film.json  the numbers: see go doc ./lib/film
*.svg      the figures of the page, also as *.png`,
		Example: `  essnas film runs/search-cifar10-1a2b3c4d
  essnas film runs/search-cifar10-1a2b3c4d --out film`,
		Args: arguments(1, 1, "which search? Give one directory, as in essnas film runs/search-cifar10-1a2b3c4d"),
		RunE: func(c *cobra.Command, args []string) error {
			r, err := run.Open(args[0])
			if err != nil {
				return err
			}
			if out == "" {
				out = r.Path("film")
			}
			made, err := makeFilm(r, out)
			if err != nil {
				return err
			}
			return p.print(c, made, func(w io.Writer) error { return writeFilmed(w, made) })
		},
	}
	c.Flags().StringVar(&out, "out", "", "`DIR` to write to; default film in the run")
	c.MarkFlagDirname("out")
	return c
}

// makeFilm writes a run's film to a directory.
func makeFilm(r *run.Run, dir string) (made filmed, err error) {
	events, err := r.Events()
	if err != nil {
		return made, err
	}
	f, err := film.Of(report.HistoryOf(events))
	if err != nil {
		return made, fmt.Errorf("%s: %w", r.Dir, err)
	}
	made = filmed{Run: r.Dir, GIF: filepath.Join(dir, "film.gif"), Page: filepath.Join(dir, "film.html"), Scenes: f.Scenes, Fortunes: f.Fortunes()}
	if err := atomicfile.MkdirAll(dir); err != nil {
		return made, err
	}
	var b bytes.Buffer
	write := func(name string, f func(w io.Writer) error) error {
		b.Reset()
		if err := f(&b); err != nil {
			return err
		}
		return atomicfile.WriteBytes(filepath.Join(dir, name), b.Bytes())
	}
	if err := write("film.gif", f.GIF); err != nil {
		return made, err
	}
	if err := write("film.html", f.Page("A search on "+r.Config.Data.Title).Write); err != nil {
		return made, err
	}
	if err := write("film.json", func(w io.Writer) error { return json.NewEncoder(w).Encode(made) }); err != nil {
		return made, err
	}
	for name, draw := range map[string]figure.Figure{"curves": f.Curves(), "winners": f.Winners(), "fortunes": f.FortuneCurves(), "last": f.Frame(len(f.Scenes) - 1)} {
		if err := errors.Join(write(name+".png", draw.PNG), write(name+".svg", draw.SVG)); err != nil {
			return made, err
		}
	}
	return made, nil
}

// writeFilmed prints the epoch since which each cell is the present one, and the files of the film.
func writeFilmed(w io.Writer, m filmed) error {
	last := m.Scenes[len(m.Scenes)-1]
	fmt.Fprintf(w, "%d epochs\n\n", len(m.Scenes))
	for t, name := range []string{"Normal", "Reduction"} {
		changes, since := 0, m.Scenes[0].Epoch
		for _, s := range m.Scenes {
			if n := s.Cells[t].Changes(); n > 0 {
				changes, since = changes+n, s.Epoch
			}
		}
		fmt.Fprintf(w, "%-10s %d changes, the present cell since epoch %g; entropy %.3f to %.3f; beta drift %.3f\n",
			name, changes, since, m.Scenes[0].Entropy[t], last.Entropy[t], last.BetaDrift[t])
	}
	_, err := fmt.Fprintf(w, "\nFilm       %s\nPage       %s\n", m.GIF, m.Page)
	return err
}
