package stage

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/search"
	"github.com/essnas/essnas/lib/settings"
	"github.com/spf13/pflag"
)

// searchStage returns the stage that searches cells.
func searchStage() Stage {
	return Stage{Name: "search", Noun: "search", Command: searchCommand, Runs: &Runs{
		Fields: settings.Fields[settings.Search], extent: searchExtent, enough: 25, compared: "40 to 50 epochs on 50,000 images",
		report: page.searched, remarks: collapsed,
		overview: func(h report.History) ([]figure.Figure, error) {
			cells, err := h.Cells()
			return append([]figure.Figure{figure.Curves(halves(h)...)}, cells...), err
		},
	}}
}

// searchExtent counts the epochs of all phases.
func searchExtent(c run.Config) (images, epochs int, err error) {
	s, err := settingsOf[settings.Search](c)
	if err != nil {
		return 0, 0, err
	}
	phases, err := s.PhaseList()
	for _, p := range phases {
		epochs += p.Epochs
	}
	return s.Images, epochs, err
}

func searchCommand() Command {
	s := Search{Choice: settings.SearchChoice()}
	var slides int
	return Command{
		Use: "search", Short: "Search a cell",
		Long: `Search a cell. A supernet mixes all operations on every edge. Its weights are trained on one half of the images, and the weights of the mixture (alphas,
betas) on the other half (arXiv:1806.09055; with 1/K of the channels arXiv:1907.05737). The strongest operations at the end form the cell's genotype.

Ctrl-C saves. The same command, or essnas search --run DIR, continues.`,
		Example: `  essnas search                                             quick, on the built-in sample of Fashion-MNIST
  essnas search --dataset cifar10 --data ~/data --preset slides
  essnas search --preset slides --method p-darts --batch 32
  essnas search --stage 4 --ss-factor 0.25                  PCP-DARTS with a quarter of the Barlow Twins loss
  essnas search --settings my.json --seed 2`,
		Flags: func(f *pflag.FlagSet) {
			datasetFlag(f, &s.Dataset)
			runFlag(f, &s.Dir, "run directory to make or to continue; default one in --runs, named by data and settings")
			f.IntVar(&slides, "stage", 0, "stage `1..4` of the slides: PC-DARTS, the same self-supervised (--ss-factor, default 0.5), PCP-DARTS, the same self-supervised")
			settingsFlags(f, s.Choice)
		},
		Do: func(ctx context.Context, l *Env, f *pflag.FlagSet, _ []string) (Answer, error) {
			if f.Changed("stage") {
				if err := settings.SlidesStage(slides).Choose(s.Choice); err != nil {
					return Answer{}, err
				}
			}
			r, ended, err := l.Search(ctx, s)
			if err != nil {
				return Answer{}, err
			}
			kept := typed(f, "dataset")
			if len(kept) == 0 && s.Dir != "" {
				kept = datasetArgs(r.Config.Data)
			}
			if slices.Contains(settings.TrainChoice().PresetNames(), s.Choice.Preset) { // some presets are for searches only
				kept = append(kept, typed(f, "preset")...)
			}
			return answer(r, ended, func(w io.Writer, sum run.Summary) {
				fmt.Fprintf(w, "%s\n\nGenotype  %s, genotype.py\nReport    %s\nNext      %s\n", sum.Genotype.Python(), r.Path("genotype.json"), sum.Report, l.Next(append([]string{"train", "--genotype", r.Dir}, kept...)...))
			})
		},
	}
}

// Search is the request for a search.
type Search struct {
	Dataset string                            // one of data.Names(); "" for Fashion-MNIST, or its built-in sample
	Choice  *settings.Choice[settings.Search] // see settings.SearchChoice
	// Dir is the directory of the run; "" stands for a name that follows from the request.
	Dir string
}

// Search searches for a cell, or continues the run; ended reports that it was finished before.
// Search returns [Interrupted] if ctx ends, and an error for invalid settings, missing data, too
// little memory, or divergence.
func (l *Env) Search(ctx context.Context, s Search) (r *run.Run, ended bool, err error) {
	q, err := l.searchRequest(s)
	if err != nil {
		return nil, false, err
	}
	chosen, err := settingsOf[settings.Search](q.config)
	if err != nil {
		return nil, false, err
	}
	var set *data.Set
	var weights *fit.State
	r, ended, err = l.do(ctx, work{
		config: q.config,
		images: func() (err error) { set, err = q.images(); return },
		memory: demandOf(chosen, block.Options{Devices: chosen.Devices, Precision: chosen.Precision},
			func(s *settings.Search) (batch, channels *int) { return &s.Batch, &s.Channels },
			func(e *block.Engine, s settings.Search) (run.Need, error) { return search.Need(e, set, s) }),
		dir:     q.dir(s.Dir),
		remarks: func() []string { return q.remarks },
		begun:   func(r *run.Run) (err error) { weights, err = weightsOf(r); return },
		task: func(b *backend.Backend) (task, error) {
			t, err := search.New(b, set, chosen)
			if err != nil {
				return nil, err
			}
			return begin(t, weights, q.config.From)
		},
		ready: func(r *run.Run, b *backend.Backend) error {
			if chosen.SSFactor == 0 {
				return nil
			}
			return writeViews(r, b, set, chosen.Views, chosen.Seed)
		},
		end: func(r *run.Run, t task) error {
			return r.WriteGenotype(t.(interface{ Genotype() cell.Genotype }).Genotype())
		},
	})
	if err != nil || ended {
		return r, ended, err
	}
	return r, false, l.report(r)
}

func (l *Env) searchRequest(s Search) (q request, err error) {
	if there, err := resumable(s.Dir, searchStage()); err != nil {
		return q, err
	} else if there != nil {
		if q, err = resume(l, there, s.Choice, s.Dataset); err != nil {
			return q, err
		}
		return prolong(there, q, func(s settings.Search) int { return s.Epochs }, func(s *settings.Search, epochs int) error {
			if s.Phases != "" {
				return fmt.Errorf("%s is a search in phases, which ends with its last phase: make another search with more epochs, in another directory", there.Dir)
			}
			s.Epochs, s.Frozen = epochs, 0 // the finished search has trained its architecture already
			return nil
		})
	}
	chosen, err := s.Choice.Settings()
	if err != nil {
		return q, err
	}
	set, err := l.Dataset(s.Dataset)
	if err != nil {
		return q, err
	}
	if err := needLabels("search", set.Unlabelled, set.Title); err != nil {
		return q, err
	}
	return request{config: run.Config{Stage: searchStage().Name, Name: "search-" + set.Name, Settings: encode(chosen), Data: imagesOf(set)}, images: loaded(set)}, nil
}
