package stage

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/train"
	"github.com/spf13/pflag"
)

// trainStage returns the stage that trains the network of a cell.
func trainStage() Stage {
	return Stage{Name: "train", Noun: "training", Command: trainCommand, Runs: &Runs{
		Fields: settings.Fields[settings.Train], enough: 100, compared: "600 epochs on 50,000 images", report: page.trained, body: trainedBody,
		extent: func(c run.Config) (images, epochs int, err error) {
			s, err := settingsOf[settings.Train](c)
			return s.Images, s.Epochs, err
		},
		overview: func(h report.History) ([]figure.Figure, error) {
			return []figure.Figure{figure.Curves(trainingCharts(h)...)}, nil
		},
	}}
}

func trainCommand() Command {
	s := Train{Choice: settings.TrainChoice()}
	return Command{
		Use: "train", Short: "Train the network of a cell",
		Long: `Train the network that is built from a cell. A fifth of the training images, at most 10,000, is held back for validation. essnas test and predict use the
weights with the lowest validation loss. The training does not read the test images.

With --from the training begins with the weights of another run and has its cells and channels. After a pretraining, or a training on other images, the
classifier begins with random weights. After a training on the same images the training continues from its last weights, classifier included, and takes over
its settings unless they are given. The learning rate starts again and falls to 0 along a cosine over --epochs. If the run in DIR has ended after fewer
epochs, essnas train --run DIR --epochs N does the same: the epochs up to N become a run of their own.

Ctrl-C saves. The same command, or essnas train --run DIR, continues.`,
		Example: `  essnas train --genotype runs/search-fashion-mnist-1a2b3c4d
  essnas train --genotype DARTS_V2 --dataset cifar10 --preset slides --epochs 50
  essnas train --genotype my-cell.json --cells 8 --channels 16
  essnas train --from runs/pretrain-cifar10-1a2b3c4d --labels 0.1
  essnas train --from runs/train-cifar10-5e6f7a8b --dataset cifar100
  essnas train --from runs/train-cifar10-5e6f7a8b --epochs 20`,
		Flags: func(f *pflag.FlagSet) {
			GenotypeFlag(f, &s.Genotype)
			directoryFlag(f, &s.From, "from", "`DIR` of a pretraining or a training that gives cells, channels and initial weights; the classifier begins with random weights, except after a training on the same images")
			datasetFlag(f, &s.Dataset)
			runFlag(f, &s.Dir, "run directory to make or to continue; default one in --runs, named by data, cell and settings")
			settingsFlags(f, s.Choice)
		},
		Do: func(ctx context.Context, l *Env, _ *pflag.FlagSet, _ []string) (Answer, error) {
			r, ended, err := l.Train(ctx, s)
			if err != nil {
				return Answer{}, err
			}
			return answer(r, ended, func(w io.Writer, sum run.Summary) {
				best := sum.Result.Best
				fmt.Fprintf(w, "Best epoch %d of %d: validation loss %.3f, accuracy %.1f %%\n", sum.Result.BestEpoch, sum.Result.Epochs, best["val_loss"], 100*best["val_accuracy"])
				if loss, attacked := best["val_robust_loss"]; attacked {
					fmt.Fprintf(w, "Under attack: validation loss %.3f, accuracy %.1f %%\n", loss, 100*best["val_robust_accuracy"])
				}
				fmt.Fprintf(w, "\nReport    %s\nNext      %s\n", sum.Report, l.Next("test", "--run", r.Dir))
			})
		},
	}
}

// Train is the request for a training.
type Train struct {
	Dataset  string // one of data.Names(); "" for Fashion-MNIST, or its built-in sample
	Genotype string // name of a published cell, file, or run of a search
	// From is the directory of a pretraining or a training that gives cells, size of the network and
	// initial weights; "" stands for random weights.
	From   string
	Choice *settings.Choice[settings.Train] // see settings.TrainChoice
	// Dir is the directory of the run; "" stands for a name that follows from the request.
	Dir string
}

// Train trains the network of a genotype, or continues the run; ended reports that it was finished
// before. Train returns [Interrupted] if ctx ends, and an error for invalid settings, an unknown
// cell, missing data, too little memory, or divergence.
func (l *Env) Train(ctx context.Context, s Train) (r *run.Run, ended bool, err error) {
	q, err := l.trainRequest(s)
	if err != nil {
		return nil, false, err
	}
	return l.train(ctx, q, q.dir(s.Dir))
}

func (l *Env) train(ctx context.Context, q request, dir string) (r *run.Run, ended bool, err error) {
	config := q.config
	chosen, err := settingsOf[settings.Train](config)
	if err != nil {
		return nil, false, err
	}
	var set *data.Set
	var weights *fit.State
	r, ended, err = l.do(ctx, work{
		config: config,
		images: func() (err error) { set, err = q.images(); return },
		memory: demandOf(chosen, block.Options{Devices: chosen.Devices, Precision: chosen.Precision},
			func(s *settings.Train) (batch, channels *int) { return &s.Batch, &s.Channels },
			func(e *block.Engine, s settings.Train) (run.Need, error) {
				return train.Need(e, set, *config.Genotype, s)
			}),
		dir:     dir,
		remarks: func() []string { return append(q.remarks, unseen(set, chosen)...) },
		begun: func(r *run.Run) (err error) {
			if weights, err = weightsOf(r); err != nil {
				return err
			}
			return r.WriteGenotype(*config.Genotype)
		},
		task: func(b *backend.Backend) (task, error) {
			t, err := train.New(b, set, *config.Genotype, chosen)
			if err != nil {
				return nil, err
			}
			return begin(t, weights, config.From)
		},
	})
	if err != nil || ended {
		return r, ended, err
	}
	return r, false, l.report(r)
}

func (l *Env) trainRequest(s Train) (q request, err error) {
	if there, err := resumable(s.Dir, trainStage()); err != nil {
		return q, err
	} else if there != nil {
		return l.resumeTraining(there, s)
	}
	if s.From != "" {
		return l.fromRequest(s)
	}
	genotype, chosen, set, err := ofCell(l, s.Genotype, s.Choice, s.Dataset)
	if err != nil {
		return q, err
	}
	return request{config: trainingOf(set, chosen, genotype, s.Genotype), images: loaded(set)}, needLabels("training", set.Unlabelled, set.Title)
}

// resumeTraining returns the request for an existing training, see resume.
func (l *Env) resumeTraining(there *run.Run, s Train) (q request, err error) {
	if q, err = resumeCell(l, there, s.Choice, s.Dataset, s.Genotype); err != nil {
		return q, err
	}
	if from := there.Config.From; s.From != "" && (from == nil || from.Run != s.From) {
		o, err := openOrigin(s.From, "--from", pretrainStage(), trainStage())
		if err == nil {
			err = o.load(from != nil && from.Whole)
		}
		if err != nil {
			return q, err
		}
		q.config.From = &o.Origin
	}
	return prolong(there, q, func(s settings.Train) int { return s.Epochs }, func(s *settings.Train, epochs int) error {
		s.Epochs = epochs
		return nil
	})
}

// ofCell returns the cell, the settings and the images of a request for a cell's network. It
// returns an error if one of them can't be found or is invalid.
func ofCell[S settings.Settings](l *Env, name string, choice *settings.Choice[S], dataset string) (g cell.Genotype, s S, set *data.Set, err error) {
	if name == "" {
		return g, s, nil, fmt.Errorf("which cell is to be trained? Give --genotype with the run of a search, a file, or one of %s", strings.Join(cell.PublishedNames(), ", "))
	}
	if g, err = LoadGenotype(name); err != nil {
		return
	}
	if s, err = choice.Settings(); err != nil {
		return
	}
	set, err = l.Dataset(dataset)
	return
}

func trainingOf(set *data.Set, s settings.Train, g cell.Genotype, cells string) run.Config {
	return run.Config{Stage: trainStage().Name, Name: "train-" + set.Name, Settings: encode(s), Genotype: &g, Cells: cells, Data: imagesOf(set)}
}

// fromRequest returns the request for a training that begins with the weights of a pretraining or a
// training, by default on that run's images. A training on the same images keeps the classifier.
func (l *Env) fromRequest(s Train) (q request, err error) {
	o, err := openOrigin(s.From, "--from", pretrainStage(), trainStage())
	if err != nil {
		return q, err
	}
	begun := o.run.Config
	if s.Genotype != "" {
		if g, err := LoadGenotype(s.Genotype); err != nil {
			return q, err
		} else if g.Python() != begun.Genotype.Python() {
			return q, fmt.Errorf("%s is not the cell of %s: leave --genotype out, because --from gives the cell", s.Genotype, s.From)
		}
	}
	var set *data.Set
	if s.Dataset == "" {
		set, err = l.load(begun.Data)
	} else {
		set, err = l.Dataset(s.Dataset)
	}
	if err != nil {
		return q, err
	}
	if set.Train.Channels != begun.Data.Channels {
		return q, fmt.Errorf("%s has learnt from images of %d channels, and those of %s have %d: begin with a run on such images", s.From, begun.Data.Channels, set.Title, set.Train.Channels)
	}
	if err := needLabels("training", set.Unlabelled, set.Title); err != nil {
		return q, err
	}
	whole := trainStage().made(o.run) && sameSums(set.Checksums, begun.Data.Checksums)
	chosen, err := o.settings(s.Choice, whole)
	if err != nil {
		return q, err
	}
	if err := o.load(whole); err != nil {
		return q, err
	}
	q = request{config: trainingOf(set, chosen, *begun.Genotype, begun.Cells), images: loaded(set)}
	q.config.From = &o.Origin
	q.remarks = []string{o.begins(chosen)}
	return q, nil
}

// LoadGenotype finds a cell by its published name, in a file or a text (see [cell.Load]), or in a
// run's directory. RUN@EPOCH names the cell of a search at the end of that epoch, counted from 1.
// LoadGenotype returns an error if it finds no cell.
func LoadGenotype(name string) (cell.Genotype, error) {
	if dir, epoch, ok := run.AtEpoch(name); ok {
		return genotypeAt(dir, epoch)
	}
	info, err := os.Stat(name)
	if err != nil || !info.IsDir() {
		return cell.Load(name)
	}
	if _, err := os.Stat(filepath.Join(name, "config.json")); err != nil && !run.Begun(name) {
		return cell.Genotype{}, fmt.Errorf("%s is a directory and not a run: give a run, a file or one of %s", name, strings.Join(cell.PublishedNames(), ", "))
	}
	r, err := run.Open(name)
	if err != nil {
		return cell.Genotype{}, err
	}
	return r.Genotype()
}

// genotypeAt returns the cell of a search at the end of an epoch, counted from 1.
func genotypeAt(dir string, epoch int) (cell.Genotype, error) {
	r, err := run.Open(dir)
	if err != nil {
		return cell.Genotype{}, err
	}
	a, _, err := r.ArchitectureAt(epoch)
	if err != nil {
		return cell.Genotype{}, err
	}
	if a.Genotype == nil {
		return cell.Genotype{}, run.Advise(fmt.Sprintf("epoch %d of %s has no genotype: derive one with: ", epoch, dir), "derive", "--run", dir, "--epoch", fmt.Sprint(epoch))
	}
	return *a.Genotype, a.Genotype.Validate()
}
