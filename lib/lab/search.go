package lab

import (
	"context"

	"github.com/essnas/essnas/lib/settings"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/memory"
	"github.com/essnas/essnas/lib/search"
)

// SearchStage asks for a search.
type SearchStage struct {
	Dataset string                            // one of data.Names(); "" for what there is
	Choice  *settings.Choice[settings.Search] // see SearchChoice
	Dir     string                            // the run's directory; "" for one that is named by what is asked for
}

// Search searches for a cell, or goes on with that, or finds it done already: then ended is true.
func (l *Lab) Search(ctx context.Context, s SearchStage) (r *Run, ended bool, err error) {
	config, set, err := l.searchConfig(s)
	if err != nil {
		return nil, false, err
	}
	chosen, err := settingsOf[settings.Search](config)
	if err != nil {
		return nil, false, err
	}
	r, ended, err = l.do(ctx, work{
		config: config,
		memory: demandOf(chosen, block.Options{Devices: chosen.Devices, Precision: chosen.Precision},
			func(s *settings.Search) (batch, channels *int) { return &s.Batch, &s.Channels },
			func(e *block.Engine, s settings.Search) (memory.Need, error) { return search.Need(e, set, s) }),
		dir:  s.Dir,
		task: func(b *backend.Backend) (task, error) { return search.New(b, set, chosen) },
		ready: func(r *Run, b *backend.Backend) error {
			if chosen.SSFactor == 0 {
				return nil
			}
			return r.writeViews(b, set, chosen.Views, chosen.Seed)
		},
		end: func(r *Run, t task) error {
			return r.writeGenotype(t.(interface{ Genotype() cell.Genotype }).Genotype())
		},
	})
	if err != nil || ended {
		return r, ended, err
	}
	return r, false, l.report(r)
}

func (l *Lab) searchConfig(s SearchStage) (Config, *data.Set, error) {
	if there, err := resumable(s.Dir, StageSearch); err != nil {
		return Config{}, nil, err
	} else if there != nil && !s.Choice.Given() && s.Dataset == "" {
		set, err := l.load(there.Data)
		return *there, set, err
	}
	chosen, err := s.Choice.Settings()
	if err != nil {
		return Config{}, nil, err
	}
	set, err := l.Dataset(s.Dataset)
	if err != nil {
		return Config{}, nil, err
	}
	return Config{Stage: StageSearch, Name: "search-" + set.Name, Settings: encode(chosen), Data: dataConfig(set)}, set, nil
}
