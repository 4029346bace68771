package stage

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/pflag"

	"github.com/essnas/essnas/lib/corrupt"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/score"
)

// corruptStage returns the stage that tests a training's network on corrupted images.
func corruptStage() Stage {
	return Stage{Name: "corrupt", Noun: "corruption", Command: corruptCommand, added: page.corrupted}
}

func corruptCommand() Command {
	var s Corrupt
	return Command{
		Use: "corrupt RUN...", Short: "Test trained networks on noisy, blurred and otherwise corrupted images",
		Long: `Test the networks of trainings on corrupted test images: noise, blur, weather, contrast, elastic transforms, pixelation and JPEG, at five severities
(arXiv:1903.12261, with the parameters of CIFAR-10-C). The mean corruption error stands beside the error on clean images. Several runs
are drawn side by side, and their errors are divided by those of the first run; the paper divides by those of AlexNet. The same command continues a
stopped test. The result stays in the run, and the same command shows it later.`,
		Example: `  essnas corrupt runs/train-cifar10-5e6f7a8b
  essnas corrupt runs/stage1 runs/stage4 --images 0
  essnas corrupt runs/stage4 --corruptions gaussian_noise,fog,jpeg_compression`,
		Files: true,
		Flags: func(f *pflag.FlagSet) {
			f.StringSliceVar(&s.Names, "corruptions", corrupt.Standard(), "`NAMES` of the corruptions; further ones are speckle_noise, gaussian_blur, saturate")
			choices(f, "corruptions", corrupt.Names())
			f.IntVar(&s.Images, "images", attackedImages, "test images to corrupt, the first ones; 0: all")
			f.Uint64Var(&s.Seed, "seed", 1, "seed of the random numbers")
			f.StringVar(&s.Out, "out", "", "PNG `FILE` to draw several runs in; default figures/corruption-runs.png in the first")
		},
		Do: func(ctx context.Context, l *Env, _ *pflag.FlagSet, dirs []string) (Answer, error) {
			s.Dirs = dirs
			all, picture, err := l.Corrupt(ctx, s)
			if err != nil {
				return Answer{}, err
			}
			return Answer{all, func(w io.Writer) error { return corruptionText(w, dirs, all, picture) }}, nil
		},
	}
}

// Corrupt is the request for a test of trained networks on corrupted images.
type Corrupt struct {
	Dirs   []string // the runs of trainings
	Names  []string // corruptions; none: those that count in the mean corruption error
	Images int      // test images, the first ones; 0: all
	Seed   uint64
	Out    string
}

// Corrupt tests the best weights of trainings on corrupted images, one after the other, and returns
// the results in the order of Dirs. For two or more runs it draws a figure and returns its file. A
// run that has the result already is not tested again. Corrupt returns an error for runs that are
// no finished trainings, for unknown corruptions, and [Interrupted] if ctx ends.
func (l *Env) Corrupt(ctx context.Context, s Corrupt) (all []run.Corrupted, picture string, err error) {
	if s.Images < 0 {
		return nil, "", fmt.Errorf("images is %d: give how many test images to corrupt, or 0 for all", s.Images)
	}
	if len(s.Names) == 0 {
		s.Names = corrupt.Standard()
	}
	for i, name := range s.Names {
		if _, err := corrupt.Named(name); err != nil {
			return nil, "", err
		}
		if slices.Contains(s.Names[:i], name) {
			return nil, "", fmt.Errorf("%s is named twice: name each corruption once", name)
		}
	}
	all, err = forEach(s.Dirs, func(dir string) (*run.Corrupted, error) { return l.corrupt(ctx, s, dir) })
	if err != nil || len(all) < 2 {
		return all, "", err
	}
	picture = besides(s.Dirs, s.Out, "corruption-runs.png")
	return all, picture, atomicfile.Write(picture, func(w io.Writer) error { return corruptionRuns(names(s.Dirs), all).PNG(w) })
}

// corrupt tests the network of one run, see [Env.Corrupt].
func (l *Env) corrupt(ctx context.Context, s Corrupt, dir string) (*run.Corrupted, error) {
	r, err := openTraining(dir)
	if err != nil {
		return nil, err
	}
	known, err := r.Corruptions()
	if err != nil {
		return nil, err
	}
	set, err := l.load(r.Config.Data)
	if err != nil {
		return nil, err
	}
	images := set.Test
	if s.Images > 0 {
		images = images.First(s.Images)
	}
	if known != nil && known.Images == images.N && known.Seed == s.Seed && slices.Equal(known.Names, s.Names) {
		return known, nil
	}
	if err := needEnd(r); err != nil {
		return nil, err
	}
	if err := r.Take(); err != nil {
		return nil, err
	}
	defer r.Close()
	c := &run.Corrupted{Data: set.Title, Sample: set.Sample, Images: images.N, Seed: s.Seed, Names: s.Names, Picture: images.Picture(0)}
	if err := l.withModel(ctx, r, func(m *model) error {
		c.Epoch = m.epoch
		wrong, err := l.corruptModel(ctx, r, m, images, c)
		if err == nil {
			sum(c, wrong)
		}
		return err
	}); err != nil {
		return nil, err
	}
	c.Done = time.Now().UTC().Format(time.RFC3339)
	return c, l.finish(r, "corruptions.json", c, "corruptions-progress.json")
}

// corruptModel returns the indices of misclassified images, [1 + corruption*severity][image]: first
// of the clean images, then of each corruption and severity. It continues a stopped test.
func (l *Env) corruptModel(ctx context.Context, r *run.Run, m *model, images data.Images, c *run.Corrupted) ([][]int, error) {
	p := run.Corrupting{Images: images.N, Seed: c.Seed, Names: c.Names}
	var before run.Corrupting
	if found, err := r.Read("corruptions-progress.json", &before); err != nil {
		return nil, err
	} else if found && before.Images == p.Images && before.Seed == p.Seed && slices.Equal(before.Names, p.Names) {
		p.Wrong = before.Wrong
	}
	show := l.progress()
	defer show.done()
	for total := 1 + len(c.Names)*corrupt.Severities; len(p.Wrong) < total; {
		k := len(p.Wrong) - 1
		im, what := images, "clean images"
		if k >= 0 {
			name, severity := c.Names[k/corrupt.Severities], k%corrupt.Severities+1
			what = fmt.Sprintf("%s, severity %d", name, severity)
			var err error
			if im, err = corruptAll(ctx, images, name, severity, c.Seed); err != nil {
				return nil, l.stopped(ctx, r, err)
			}
		}
		logits, err := m.logits(ctx, im, show)
		if err != nil {
			return nil, l.stopped(ctx, r, err)
		}
		wrong := []int{}
		for i, row := range logits {
			if score.TopK(row, 1)[0] != int(im.Labels[i]) {
				wrong = append(wrong, i)
			}
		}
		p.Wrong = append(p.Wrong, wrong)
		if err := r.Write("corruptions-progress.json", p); err != nil {
			return nil, err
		}
		show.show(len(p.Wrong), total, fmt.Sprintf("%s: %.1f %% wrong", what, 100*float64(len(wrong))/float64(im.N)))
	}
	return p.Wrong, nil
}

// corruptAll returns corrupted copies of images. It works on as many images at a time as there are
// processors.
func corruptAll(ctx context.Context, im data.Images, name string, severity int, seed uint64) (data.Images, error) {
	c, err := corrupt.Named(name)
	if err != nil {
		return im, err
	}
	all := im
	all.Pixels = make([]uint8, len(im.Pixels))
	var group sync.WaitGroup
	errs := make([]error, runtime.GOMAXPROCS(0))
	for w := range errs {
		group.Go(func() {
			for i := w; i < im.N && errs[w] == nil; i += len(errs) {
				if errs[w] = ctx.Err(); errs[w] != nil {
					return
				}
				var p corrupt.Picture
				p, errs[w] = c.Apply(corrupt.Picture{Height: im.Height, Width: im.Width, Channels: im.Channels, Pixels: im.Picture(i)},
					severity, corrupt.Random(seed, name, severity, i))
				copy(all.Picture(i), p.Pixels)
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return im, err
		}
	}
	return all, nil
}

// sum computes the error rates of c from the indices of misclassified images that corruptModel
// returns.
func sum(c *run.Corrupted, wrong [][]int) {
	rate := func(wrong []int) float64 { return float64(len(wrong)) / float64(c.Images) }
	c.Clean, c.CleanIn = rate(wrong[0]), score.Wilson(len(wrong[0]), c.Images)
	share := make([]float64, c.Images) // corruptions and severities that misclassify each image
	counted := 0
	for k, name := range c.Names {
		known, _ := corrupt.Named(name) // Corrupt has checked the names
		row := run.Corruption{Name: name, Kind: known.Kind, Extra: known.Extra}
		for severity := range corrupt.Severities {
			these := wrong[1+k*corrupt.Severities+severity]
			row.Error = append(row.Error, rate(these))
			row.Mean += rate(these) / corrupt.Severities
			if !row.Extra {
				for _, i := range these {
					share[i]++
				}
			}
		}
		if !row.Extra {
			counted++
			c.Error += row.Mean
		}
		c.Rows = append(c.Rows, row)
	}
	if counted == 0 {
		return
	}
	c.Error /= float64(counted)
	square := 0.0
	for _, n := range share {
		d := n/float64(counted*corrupt.Severities) - c.Error
		square += d * d
	}
	// The severities of one image depend on each other, so the sample of the interval is the images.
	half := 1.959963984540054 * math.Sqrt(square) / float64(c.Images)
	c.ErrorIn = score.Interval{Low: max(0, c.Error-half), High: min(1, c.Error+half)}
}

// corruptionText writes the results of tests on corrupted images as text.
func corruptionText(w io.Writer, dirs []string, all []run.Corrupted, picture string) error {
	for i, c := range all {
		fmt.Fprintf(w, "%s, %s, weights of epoch %d, %s test images\n\n", names(dirs)[i], c.Data, c.Epoch, humanize.Comma(int64(c.Images)))
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		header := "error (%)\tmean\t1\t2\t3\t4\t5"
		if i > 0 {
			header += "\trelative to " + names(dirs)[0]
		}
		fmt.Fprintln(table, header)
		for k, row := range c.Rows {
			cells := []string{row.Name, fmt.Sprintf("%.1f", 100*row.Mean)}
			for _, e := range row.Error {
				cells = append(cells, fmt.Sprintf("%.1f", 100*e))
			}
			if i > 0 {
				cells = append(cells, fmt.Sprintf("%.2f", row.Mean/all[0].Rows[k].Mean))
			}
			fmt.Fprintln(table, strings.Join(cells, "\t"))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		fmt.Fprintf(w, "\nClean error             %s\nMean corruption error   %s\n\n", percentIn(c.Clean, c.CleanIn), percentIn(c.Error, c.ErrorIn))
	}
	if picture != "" {
		fmt.Fprintf(w, "Picture   %s\n", picture)
	}
	for _, dir := range dirs {
		if _, err := fmt.Fprintf(w, "Report    %s\n", filepath.Join(dir, "report.html")); err != nil {
			return err
		}
	}
	return nil
}

// percentIn writes a rate in percent, with its interval.
func percentIn(rate float64, in score.Interval) string {
	return fmt.Sprintf("%.2f %% (%.2f to %.2f)", 100*rate, 100*in.Low, 100*in.High)
}
