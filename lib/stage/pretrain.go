package stage

import (
	"context"
	"fmt"
	"io"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/pretrain"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/spf13/pflag"
)

// pretrainStage returns the stage that trains a network's features without labels.
func pretrainStage() Stage {
	return Stage{Name: "pretrain", Noun: "pretraining", Command: pretrainCommand, Runs: &Runs{
		Fields: settings.Fields[settings.Pretrain], enough: 50, compared: "50 to 1,000 epochs on 50,000 images", report: page.pretrained, body: pretrainedBody,
		extent: func(c run.Config) (images, epochs int, err error) {
			s, err := settingsOf[settings.Pretrain](c)
			return s.Images, s.Epochs, err
		},
		overview: func(h report.History) ([]figure.Figure, error) {
			return []figure.Figure{figure.Curves(pretrainingCharts(h)...)}, nil
		},
	}}
}

func pretrainCommand() Command {
	s := Pretrain{Choice: settings.PretrainChoice()}
	return Command{
		Use: "pretrain", Short: "Train the features of a cell's network without labels",
		Long: `Train the features of a cell's network without labels, by Barlow Twins (arXiv:2103.03230). The loss asks for equal features of two distorted views of an
image, and for features that are uncorrelated with each other. A fifth of the training images, at most 10,000, is held back. Every few epochs the nearest
training images classify the held-back ones, by these features, by those of the untrained network, and by pixels.

Ctrl-C saves. The same command, or essnas pretrain --run DIR, continues.`,
		Example: `  essnas pretrain --genotype PC_DARTS_cifar --dataset cifar10
  essnas pretrain --genotype runs/search-cifar10-1a2b3c4d --preset slides
  essnas pretrain --genotype DARTS_V2 --projector 512,512,512 --optimizer lars --lr 0.2
  essnas pretrain --genotype DARTS_V2 --views 'crop 1 pixels 4, flip 0.5, jitter 0.8'`,
		Flags: func(f *pflag.FlagSet) {
			GenotypeFlag(f, &s.Genotype)
			datasetFlag(f, &s.Dataset)
			runFlag(f, &s.Dir, "run directory to make or to continue; default one in --runs, named by data, cell and settings")
			settingsFlags(f, s.Choice)
		},
		Do: func(ctx context.Context, l *Env, _ *pflag.FlagSet, _ []string) (Answer, error) {
			r, ended, err := l.Pretrain(ctx, s)
			if err != nil {
				return Answer{}, err
			}
			return answer(r, ended, func(w io.Writer, sum run.Summary) {
				m := sum.Result.Metrics
				if r.Config.Data.Unlabelled {
					fmt.Fprintf(w, "Barlow Twins loss %.3f after %d epochs\n\nReport    %s\n", m["train_loss"], sum.Result.Epochs, sum.Report)
					return
				}
				fmt.Fprintf(w, "Barlow Twins loss %.3f after %d epochs; nearest neighbours classify %.1f %% of the held-back images correctly\n\nReport    %s\nNext      %s\n",
					m["train_loss"], sum.Result.Epochs, 100*m["knn_accuracy"], sum.Report, l.Next("probe", "--run", r.Dir))
			})
		},
	}
}

// Pretrain is the request for a pretraining.
type Pretrain struct {
	Dataset string // one of data.Names(); "" for Fashion-MNIST, or its built-in sample
	// Genotype is the name of a published cell, a file, or the run of a search.
	Genotype string
	Choice   *settings.Choice[settings.Pretrain] // see settings.PretrainChoice
	// Dir is the directory of the run; "" stands for a name that follows from the request.
	Dir string
}

// Pretrain trains the features of a genotype's network without labels, or continues the run; ended
// reports that it was finished before. Pretrain returns [Interrupted] if ctx ends, and an error for
// invalid settings, an unknown cell, missing data, too little memory, or divergence.
func (l *Env) Pretrain(ctx context.Context, s Pretrain) (r *run.Run, ended bool, err error) {
	q, err := l.pretrainRequest(s)
	if err != nil {
		return nil, false, err
	}
	config := q.config
	chosen, err := settingsOf[settings.Pretrain](config)
	if err != nil {
		return nil, false, err
	}
	var set *data.Set
	var weights *fit.State
	r, ended, err = l.do(ctx, work{
		config: config,
		images: func() (err error) { set, err = q.images(); return },
		memory: demandOf(chosen, block.Options{Devices: chosen.Devices, Precision: chosen.Precision},
			func(s *settings.Pretrain) (batch, channels *int) { return &s.Batch, &s.Channels },
			func(e *block.Engine, s settings.Pretrain) (run.Need, error) {
				return pretrain.Need(e, set, *config.Genotype, s)
			}),
		dir:     q.dir(s.Dir),
		remarks: func() []string { return q.remarks },
		begun: func(r *run.Run) (err error) {
			if weights, err = weightsOf(r); err != nil {
				return err
			}
			return r.WriteGenotype(*config.Genotype)
		},
		task: func(b *backend.Backend) (task, error) {
			t, err := pretrain.New(b, set, *config.Genotype, chosen)
			if err != nil {
				return nil, err
			}
			return begin(t, weights, config.From)
		},
		ready: func(r *run.Run, b *backend.Backend) error { return writeViews(r, b, set, chosen.Views, chosen.Seed) },
	})
	if err != nil || ended {
		return r, ended, err
	}
	return r, false, l.report(r)
}

func (l *Env) pretrainRequest(s Pretrain) (q request, err error) {
	if there, err := resumable(s.Dir, pretrainStage()); err != nil {
		return q, err
	} else if there != nil {
		if q, err = resumeCell(l, there, s.Choice, s.Dataset, s.Genotype); err != nil {
			return q, err
		}
		return prolong(there, q, func(s settings.Pretrain) int { return s.Epochs }, func(s *settings.Pretrain, epochs int) error {
			s.Epochs, s.WarmUp = epochs, min(s.WarmUp, epochs-1)
			return nil
		})
	}
	genotype, chosen, set, err := ofCell(l, s.Genotype, s.Choice, s.Dataset)
	if err != nil {
		return q, err
	}
	return request{
		config: run.Config{Stage: pretrainStage().Name, Name: "pretrain-" + set.Name, Settings: encode(chosen), Genotype: &genotype, Cells: s.Genotype, Data: imagesOf(set)},
		images: loaded(set),
	}, nil
}
