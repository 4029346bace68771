package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/network"
)

// TrainStage asks for a training.
type TrainStage struct {
	Dataset  string                    // one of data.Names(); "" for what there is
	Genotype string                    // the name of a published cell, a file, or the run of a search
	Choice   *Choice[network.Settings] // see TrainChoice
	Dir      string                    // the run's directory; "" for one that is named by what is asked for
}

// Train trains the network that a genotype stands for, or goes on with that, or finds it done already: then ended is true.
func (l *Lab) Train(ctx context.Context, s TrainStage) (r *Run, ended bool, err error) {
	config, set, err := l.trainConfig(s)
	if err != nil {
		return nil, false, err
	}
	settings, err := settingsOf[network.Settings](config)
	if err != nil {
		return nil, false, err
	}
	r, ended, err = l.do(ctx, work{
		config:  config,
		devices: settings.Devices,
		dir:     s.Dir,
		begun:   func(r *Run) error { return r.writeGenotype(*config.Genotype) },
		task: func(b *backend.Backend) (task, error) {
			return network.NewTraining(b, set, *config.Genotype, settings)
		},
	})
	if err != nil || ended {
		return r, ended, err
	}
	return r, false, l.report(r)
}

func (l *Lab) trainConfig(s TrainStage) (Config, *data.Set, error) {
	if there, err := resumable(s.Dir, StageTrain); err != nil {
		return Config{}, nil, err
	} else if there != nil && there.Genotype != nil && !s.Choice.Given() && s.Dataset == "" && s.Genotype == "" {
		set, err := l.load(there.Data)
		return *there, set, err
	}
	if s.Genotype == "" {
		return Config{}, nil, fmt.Errorf("which cell is to be trained? Give --genotype with the run of a search, a file, or one of %s", strings.Join(cell.PublishedNames(), ", "))
	}
	genotype, err := LoadGenotype(s.Genotype)
	if err != nil {
		return Config{}, nil, err
	}
	settings, err := s.Choice.Settings()
	if err != nil {
		return Config{}, nil, err
	}
	set, err := l.Dataset(s.Dataset)
	if err != nil {
		return Config{}, nil, err
	}
	return Config{Stage: StageTrain, Name: "train-" + set.Name, Settings: encode(settings), Genotype: &genotype, Cells: s.Genotype, Data: dataConfig(set)}, set, nil
}

// LoadGenotype finds a cell by the name of a paper, in a file, or in a run's directory.
func LoadGenotype(name string) (cell.Genotype, error) {
	info, err := os.Stat(name)
	if err != nil || !info.IsDir() {
		return cell.Load(name)
	}
	if _, err := os.Stat(filepath.Join(name, "config.json")); err != nil {
		return cell.Genotype{}, fmt.Errorf("%s is a directory and not a run: give a run, a file or one of %s", name, strings.Join(cell.PublishedNames(), ", "))
	}
	r, err := OpenRun(name)
	if err != nil {
		return cell.Genotype{}, err
	}
	return r.Genotype()
}
