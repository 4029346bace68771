package stage

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/pflag"

	"github.com/essnas/essnas/lib/attack"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/run"
)

// attackStage returns the stage that attacks the network of a training.
func attackStage() Stage {
	return Stage{Name: "attack", Noun: "attack", Command: attackCommand, added: page.attacked}
}

// attackedImages is the default number of attacked test images.
const attackedImages = 1000

func attackCommand() Command {
	var s Attack
	var eps []string
	o := &s.Options
	return Command{
		Use: "attack RUN...", Short: "Attack trained networks with small changes of test images",
		Long: `Attack the networks of trainings. An attack looks for a change of a test image that changes the network's prediction. The change is at most
epsilon in each pixel, or in the Euclidean norm. Pixels lie in 0..1, so 8/255 is eight of 256 grey levels. Methods, from the weakest to the strongest:

  fgsm       one step along the gradient's sign (arXiv:1412.6572)
  pgd        several steps from a random start (arXiv:1706.06083)
  square     random search without gradients (arXiv:1912.00049)
  apgd       PGD with a step size of its own, on two losses (arXiv:2003.01690);
             apgd-ce, apgd-dlr and apgd-t are parts of it and of autoattack
  fab-t      the nearest boundary of each of nine classes (arXiv:1907.02044)
  autoattack the standard set: apgd-ce, apgd-t, fab-t, square; each attacks the
             images that withstood the ones before

Several runs are drawn side by side. A second figure shows their robust against their clean accuracy, with the Pareto front. The same command continues
a stopped attack. The result stays in the run, and the same command shows it later.`,
		Example: `  essnas attack runs/train-cifar10-5e6f7a8b
  essnas attack runs/stage1 runs/stage4 --method pgd --eps 1/255,2/255,4/255,8/255
  essnas attack runs/stage4 --method autoattack --eps 8/255 --images 200`,
		Files: true,
		Flags: func(f *pflag.FlagSet) {
			f.StringVar(&o.Method, "method", "fgsm", strings.Join(attack.Methods(), ", "))
			choices(f, "method", attack.Methods())
			f.StringSliceVar(&eps, "eps", []string{"1/255", "2/255", "4/255", "8/255"}, "radii of the changes, as fractions or decimals")
			f.StringVar(&o.Norm, "norm", "linf", "linf (the largest change of a pixel) or l2 (the root of the sum of squared changes)")
			choices(f, "norm", []string{"linf", "l2"})
			f.IntVar(&s.First, "images", attackedImages, "test images to attack, the first ones; 0: all")
			f.IntSliceVar(&s.Index, "index", nil, "`NUMBERS` of the test images to attack, from 0, instead of --images")
			f.Uint64Var(&o.Seed, "seed", 1, "seed of the random numbers")
			f.IntVar(&o.Steps, "steps", 0, "steps of pgd (default 10), apgd and fab (default 100)")
			f.Float64Var(&o.Step, "step", 0, "length of pgd's steps, in units of epsilon (default 0.25)")
			f.IntVar(&o.Restarts, "restarts", 0, "random starts of pgd and apgd (default 1)")
			f.BoolVar(&o.Centre, "centre", false, "start pgd at the image itself")
			f.IntVar(&o.Queries, "queries", 0, "queries of square for each image (default 5000)")
			f.IntVar(&o.Targets, "targets", 0, "target classes of apgd-t and fab-t (default 9)")
			f.StringVar(&s.Out, "out", "", "PNG `FILE` to draw several runs in; default figures/attack-runs.png in the first")
		},
		Do: func(ctx context.Context, l *Env, _ *pflag.FlagSet, dirs []string) (Answer, error) {
			s.Dirs = dirs
			o.Eps = nil
			for _, text := range eps {
				x, err := attack.ParseEps(text)
				if err != nil {
					return Answer{}, err
				}
				o.Eps = append(o.Eps, x)
			}
			all, picture, err := l.Attack(ctx, s)
			if err != nil {
				return Answer{}, err
			}
			return Answer{all, func(w io.Writer) error { return attackText(w, dirs, all, picture) }}, nil
		},
	}
}

// Attack is the request for an attack on trained networks.
type Attack struct {
	Dirs    []string // the runs of trainings
	Options attack.Options
	First   int   // test images, the first ones; 0: all
	Index   []int // test images, instead of the first ones
	Out     string
}

// Attack attacks the best weights of trainings, one after the other, and returns the results in the
// order of Dirs. For two or more runs it draws two figures and returns the first one's file. A run
// that has the result already is not attacked again. Attack returns an error for runs that are no
// finished trainings, for invalid options or images, and [Interrupted] if ctx ends.
func (l *Env) Attack(ctx context.Context, s Attack) (all []run.Attacked, picture string, err error) {
	if s.First < 0 {
		return nil, "", fmt.Errorf("images is %d: give how many test images to attack, or 0 for all", s.First)
	}
	if len(s.Index) > 0 {
		s.First = 0
	}
	all, err = forEach(s.Dirs, func(dir string) (*run.Attacked, error) { return l.attack(ctx, s, dir) })
	if err != nil || len(all) < 2 {
		return all, "", err
	}
	picture = besides(s.Dirs, s.Out, "attack-runs.png")
	if err := atomicfile.Write(picture, attacksFigure(names(s.Dirs), all).PNG); err != nil {
		return nil, "", err
	}
	return all, picture, atomicfile.Write(tradeOffName(picture), tradeOff(names(s.Dirs), all).PNG)
}

// attack attacks the network of one run, see [Env.Attack].
func (l *Env) attack(ctx context.Context, s Attack, dir string) (*run.Attacked, error) {
	r, err := openTraining(dir)
	if err != nil {
		return nil, err
	}
	o, err := s.Options.Complete(len(r.Config.Data.Classes))
	if err != nil {
		return nil, err
	}
	known, err := r.Attacks()
	if err != nil {
		return nil, err
	}
	if n := r.Config.Data.Test; len(s.Index) == 0 && (s.First == 0 || s.First > n) {
		s.First = n
	}
	if i := slices.IndexFunc(known, func(a run.Attacked) bool { return same(a, o, s) }); i >= 0 {
		return &known[i], l.shown(r)
	}
	if err := needEnd(r); err != nil {
		return nil, err
	}
	set, err := l.load(r.Config.Data)
	if err != nil {
		return nil, err
	}
	images, err := s.images(set)
	if err != nil {
		return nil, err
	}
	if err := r.Take(); err != nil {
		return nil, err
	}
	defer r.Close()
	a := &run.Attacked{Data: set.Title, Sample: set.Sample, First: s.First, Index: s.Index}
	if err := l.withModel(ctx, r, func(m *model) error {
		a.Epoch = m.epoch
		return l.attackModel(ctx, r, m, images, o, a)
	}); err != nil {
		return nil, err
	}
	a.Attacked = time.Now().UTC().Format(time.RFC3339)
	// A run keeps one result for each method and norm: other epsilons or images replace it.
	known = slices.DeleteFunc(known, func(b run.Attacked) bool {
		return b.Result.Options.Method == o.Method && b.Result.Options.Norm == o.Norm
	})
	return a, l.finish(r, "attack.json", append(known, *a), "attack-progress.json")
}

// same reports whether an attack has these options and these images.
func same(a run.Attacked, o attack.Options, s Attack) bool {
	return reflect.DeepEqual(a.Result.Options, o) && a.First == s.First && slices.Equal(a.Index, s.Index)
}

// images returns the test images to attack. It returns an error for an index outside the test set.
func (s Attack) images(set *data.Set) (data.Images, error) {
	test := set.Test
	if len(s.Index) == 0 {
		if s.First > 0 {
			test = test.First(s.First)
		}
		return test, nil
	}
	some := data.Images{N: len(s.Index), Height: test.Height, Width: test.Width, Channels: test.Channels}
	for _, i := range s.Index {
		if i < 0 || i >= test.N {
			return some, fmt.Errorf("there is no test image %d: the %d test images of %s are numbered 0 to %d", i, test.N, set.Title, test.N-1)
		}
		some.Pixels, some.Labels = append(some.Pixels, test.Picture(i)...), append(some.Labels, test.Labels[i])
	}
	return some, nil
}

// attackModel attacks a network and stores the result in a. It continues a stopped attack of the
// same options and images.
func (l *Env) attackModel(ctx context.Context, r *run.Run, m *model, images data.Images, o attack.Options, a *run.Attacked) error {
	pixels, err := m.Pixels(m.config.Mean, m.config.Std)
	if err != nil {
		return err
	}
	defer pixels.Close()
	p := l.progress()
	defer p.done()
	if _, err := p.compile(pixels); err != nil {
		return err
	}
	begun := run.Attacking{Options: o, First: a.First, Index: a.Index}
	var before run.Attacking
	found, err := r.Read("attack-progress.json", &before)
	if err != nil {
		return err
	}
	hooks := attack.Hooks{}
	if found && reflect.DeepEqual(before.Options, o) && before.First == a.First && slices.Equal(before.Index, a.Index) && before.Progress != nil {
		hooks.Begin, begun.Seconds = before.Progress, before.Seconds
		p.say("%s continues after %s of %s images", o.Method, humanize.Comma(int64(len(before.Progress.Outcomes))), humanize.Comma(int64(images.N)))
	}
	start := time.Now()
	seconds := func() float64 { return begun.Seconds + time.Since(start).Seconds() }
	hooks.Save = func(done *attack.Progress) error {
		now := begun
		now.Seconds, now.Progress = seconds(), done
		return r.Write("attack-progress.json", now)
	}
	hooks.Report = func(done, total int) {
		p.show(done, total, fmt.Sprintf("%s: %d of %d images", o.Method, done, total))
	}
	a.Result, err = attack.Run(ctx, pixels, images, o, hooks)
	a.Seconds = seconds()
	return l.stopped(ctx, r, err)
}

// attackText writes the results of attacks as text.
func attackText(w io.Writer, dirs []string, all []run.Attacked, picture string) error {
	for i, a := range all {
		fmt.Fprintf(w, "%s, %s, weights of epoch %d\n%s\n", names(dirs)[i], a.Data, a.Epoch, a.Result)
	}
	if picture != "" {
		fmt.Fprintf(w, "Picture   %s\n          %s (clean against robust accuracy)\n", picture, tradeOffName(picture))
	}
	for _, dir := range dirs {
		if _, err := fmt.Fprintf(w, "Report    %s\n", filepath.Join(dir, "report.html")); err != nil {
			return err
		}
	}
	return nil
}

// greys returns epsilon on the axis of a figure: in grey levels of 255 for the maximum norm, as it
// is for the Euclidean norm.
func greys(o attack.Options, eps float64) float64 {
	if o.Norm == "l2" {
		return eps
	}
	return 255 * eps
}

func epsilonAxis(o attack.Options) string {
	if o.Norm == "l2" {
		return "epsilon (Euclidean norm, pixels in 0..1)"
	}
	return "epsilon (grey levels of 255)"
}

// robustCurve returns the robust accuracy over epsilon. The curve starts at epsilon 0 with the
// clean accuracy.
func robustCurve(name string, r *attack.Result) figure.Curve {
	point := func(x float64, s attack.Share) figure.Between {
		return figure.Between{X: x, Y: 100 * s.Value, Low: 100 * s.Range.Low, High: 100 * s.Range.High}
	}
	c := figure.Curve{Name: name, Points: []figure.Between{point(0, r.Clean)}}
	for _, at := range r.At {
		c.Points = append(c.Points, point(greys(r.Options, at.Eps), at.Robust))
	}
	return c
}

// attacksFigure draws the robust accuracies of several runs under the same attack.
func attacksFigure(names []string, all []run.Attacked) figure.Figure {
	var curves []figure.Curve
	for i, a := range all {
		curves = append(curves, robustCurve(names[i], a.Result))
	}
	o := all[0].Result.Options
	return figure.Bands(figure.Plane{
		Title: fmt.Sprintf("%s on %s, %s test images", o.Method, all[0].Data, humanize.Comma(int64(all[0].Result.Images))),
		X:     epsilonAxis(o), Y: "images that withstand (%)",
	}, nil, curves...)
}
