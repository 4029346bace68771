package lab

import (
	"context"

	"github.com/essnas/essnas/lib/settings"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/memory"
	"github.com/essnas/essnas/lib/pretrain"
)

// PretrainStage asks for a pretraining.
type PretrainStage struct {
	Dataset  string                              // one of data.Names(); "" for what there is
	Genotype string                              // the name of a published cell, a file, or the run of a search
	Choice   *settings.Choice[settings.Pretrain] // see PretrainChoice
	Dir      string                              // the run's directory; "" for one that is named by what is asked for
}

// Pretrain trains the features of a genotype's network without labels, or goes on with that, or finds it done already: then ended is true.
func (l *Lab) Pretrain(ctx context.Context, s PretrainStage) (r *Run, ended bool, err error) {
	config, set, err := l.pretrainConfig(s)
	if err != nil {
		return nil, false, err
	}
	chosen, err := settingsOf[settings.Pretrain](config)
	if err != nil {
		return nil, false, err
	}
	r, ended, err = l.do(ctx, work{
		config: config,
		memory: demandOf(chosen, block.Options{Devices: chosen.Devices, Precision: chosen.Precision},
			func(s *settings.Pretrain) (batch, channels *int) { return &s.Batch, &s.Channels },
			func(e *block.Engine, s settings.Pretrain) (memory.Need, error) {
				return pretrain.Need(e, set, *config.Genotype, s)
			}),
		dir:   s.Dir,
		begun: func(r *Run) error { return r.writeGenotype(*config.Genotype) },
		task: func(b *backend.Backend) (task, error) {
			return pretrain.New(b, set, *config.Genotype, chosen)
		},
		ready: func(r *Run, b *backend.Backend) error { return r.writeViews(b, set, chosen.Views, chosen.Seed) },
	})
	if err != nil || ended {
		return r, ended, err
	}
	return r, false, l.report(r)
}

func (l *Lab) pretrainConfig(s PretrainStage) (Config, *data.Set, error) {
	if there, err := resumable(s.Dir, StagePretrain); err != nil {
		return Config{}, nil, err
	} else if there != nil && there.Genotype != nil && !s.Choice.Given() && s.Dataset == "" && s.Genotype == "" {
		set, err := l.load(there.Data)
		return *there, set, err
	}
	genotype, chosen, set, err := ofCell(l, s.Genotype, s.Choice, s.Dataset)
	if err != nil {
		return Config{}, nil, err
	}
	return Config{Stage: StagePretrain, Name: "pretrain-" + set.Name, Settings: encode(chosen), Genotype: &genotype, Cells: s.Genotype, Data: dataConfig(set)}, set, nil
}
