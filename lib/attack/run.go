package attack

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"github.com/essnas/essnas/lib/data/images"
	"github.com/essnas/essnas/lib/score"
)

// Outcome holds the results of an attack on one image.
type Outcome struct {
	Index int    `json:"i"` // index among the images of the run
	Label int    `json:"y"`
	Clean Answer `json:"clean"`
	// At holds the answer to the adversarial image of each epsilon.
	At []Answer `json:"at"`
	// Zero: all pixels of the first gradient of an attack were 0.
	Zero bool `json:"zero,omitempty"`
}

// Answer is the classifier's answer to an image.
type Answer struct {
	Class int     `json:"c"` // most probable class
	True  float32 `json:"p"` // the probability of the true class
	Sure  float32 `json:"s"` // the probability of the most probable class
	By    string  `json:"by,omitempty"`
}

func answer(logits []float32, label int) Answer {
	p := score.Softmax(logits)
	k := best(logits)
	return Answer{Class: k, True: float32(p[label]), Sure: float32(p[k])}
}

// Progress holds the finished part of a run; a later run can continue from it.
type Progress struct {
	Outcomes []Outcome `json:"outcomes"`
	Samples  []Sample  `json:"samples"`
}

// Hooks connect a run with its caller; each of them may be nil.
type Hooks struct {
	// Begin is the saved progress of an earlier run with the same options and images.
	Begin *Progress
	// Save receives the progress whenever at least chunk images are finished. An error ends the
	// run.
	Save func(*Progress) error
	// Report receives the number of finished images.
	Report func(done, total int)
	// Samples is the number of images whose pixels are kept; 0 stands for 8.
	Samples int
}

// chunk is the least number of images between two saves.
const chunk = 256

// Run attacks images and returns the result. It returns an error if an option is invalid, the
// images don't fit the classifier, the classifier or a hook fails, or the context ends.
func Run(ctx context.Context, c Classifier, im images.Images, o Options, h Hooks) (*Result, error) {
	if im.Channels != c.Channels() || im.Height != c.Side() || im.Width != c.Side() {
		return nil, fmt.Errorf("images are %dx%dx%d, but the network takes %dx%dx%d", im.Channels, im.Height, im.Width, c.Channels(), c.Side(), c.Side())
	}
	if im.N == 0 {
		return nil, fmt.Errorf("there are no images to attack")
	}
	o, err := o.Complete(c.Classes())
	if err != nil {
		return nil, err
	}
	p := &Progress{}
	if h.Begin != nil {
		p = h.Begin
	}
	w := &work{c: c, images: im, o: o, samples: h.Samples}
	if w.samples == 0 {
		w.samples = 8
	}
	warnings, err := w.warnings()
	if err != nil {
		return nil, err
	}
	for len(p.Outcomes) < im.N {
		first := len(p.Outcomes)
		n := min(max(chunk, 4*c.Batch()), im.N-first)
		if err := w.attack(ctx, p, first, n); err != nil {
			return nil, err
		}
		if h.Save != nil {
			if err := h.Save(p); err != nil {
				return nil, err
			}
		}
		if h.Report != nil {
			h.Report(len(p.Outcomes), im.N)
		}
	}
	return summarise(o, p, c.Classes(), warnings), nil
}

// work is a run in progress.
type work struct {
	c       Classifier
	images  images.Images
	o       Options
	samples int
}

// Pixels returns the pixels of image i [channels*height*width], in 0..1, channel by channel.
func Pixels(im images.Images, i int) []float32 {
	plane := im.Height * im.Width
	x := make([]float32, im.Channels*plane)
	for at, v := range im.Picture(i) {
		x[at%im.Channels*plane+at/im.Channels] = float32(v) / 255
	}
	return x
}

// attack runs the attack on n images, beginning with first.
func (w *work) attack(ctx context.Context, p *Progress, first, n int) error {
	norm, err := ParseNorm(w.o.Norm)
	if err != nil {
		return err
	}
	outcomes, samples := make([]Outcome, n), map[int]*Sample{}
	clean := make([][]float32, n)
	if err := each(ctx, w.c, n, func(q *queries, k int) {
		i, label := first+k, int(w.images.Labels[first+k])
		clean[k] = q.logits(Pixels(w.images, i))
		outcomes[k] = Outcome{Index: i, Label: label, Clean: answer(clean[k], label), At: make([]Answer, len(w.o.Eps))}
	}); err != nil {
		return err
	}
	for k := range n {
		if i := first + k; len(p.Samples)+len(samples) < w.samples && (outcomes[k].right() || i+w.samples > w.images.N) {
			samples[k] = newSample(w.images, outcomes[k])
		}
	}
	for e, eps := range w.o.Eps {
		for m, method := range w.o.methods() {
			var open []int // images to attack
			for k, out := range outcomes {
				switch {
				case w.o.every() || out.right() && out.robust(e):
					open = append(open, k)
				case m == 0 && e > 0:
					outcomes[k].At[e] = out.At[e-1] // lies in this ball as well
				case m == 0:
					outcomes[k].At[e] = out.Clean
				}
			}
			if err := each(ctx, w.c, len(open), func(q *queries, task int) {
				k := open[task]
				out := &outcomes[k]
				x := Pixels(w.images, out.Index)
				found := method.on(q, &problem{
					x: x, label: out.Label, clean: clean[k], eps: float32(eps), norm: norm,
					r: random(w.o.Seed, method.name(), eps, out.Index),
				})
				a := answer(found.logits, out.Label)
				if a.Class != out.Label {
					a.By = method.name()
				}
				out.At[e] = a
				out.Zero = out.Zero || q.zero
				if s := samples[k]; s != nil {
					s.add(e, x, found.x, eps, a)
				}
			}); err != nil {
				return err
			}
		}
	}
	p.Outcomes = append(p.Outcomes, outcomes...)
	for k := range n {
		if s := samples[k]; s != nil {
			if s.err != nil {
				return s.err
			}
			s.fill(w.o.Eps)
			p.Samples = append(p.Samples, *s)
		}
	}
	return nil
}

// right reports whether the classifier classifies the clean image correctly.
func (o Outcome) right() bool { return o.Clean.Class == o.Label }

// robust reports whether none of the attacks with the first n epsilons succeeded, nor, if it was
// made, the one with the next epsilon.
func (o Outcome) robust(n int) bool {
	for e, a := range o.At[:min(n+1, len(o.At))] {
		if a.By != "" || e < n && a.Class != o.Label {
			return false
		}
	}
	return true
}

// random returns the generator of an attack on an image.
func random(seed uint64, method string, eps float64, index int) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprint(h, method, " ", eps, " ", index)
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
