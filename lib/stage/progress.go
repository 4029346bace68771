package stage

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/schollz/progressbar/v3"
)

// progress shows the progress of a stage: a bar in a terminal, occasional lines elsewhere.
type progress struct {
	out      io.Writer
	terminal bool
	status   func(text string) // receives the status in place of bar and lines; nil: bar or lines show it
	now      func() time.Time

	mu   sync.Mutex
	bar  *progressbar.ProgressBar
	told time.Time // time of the last plain line
}

// between is the time between plain lines.
const between = 10 * time.Second

func (l *Env) progress() *progress {
	p := &progress{out: l.Progress, terminal: l.Terminal, status: l.Status, now: time.Now}
	if p.out == nil {
		p.out = io.Discard
		p.terminal = false
	}
	return p
}

// say writes a permanent line.
func (p *progress) say(format string, a ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.out, format+"\n", a...)
}

// pass writes a message that is of interest only during the stage. With a status it leaves no line.
func (p *progress) pass(text string) {
	if p.status != nil {
		p.show(0, 1, text)
	} else {
		p.say("%s", text)
	}
}

func (p *progress) clear() {
	if p.bar != nil {
		p.bar.Clear()
	}
}

// show moves the bar, or writes a line if the last one is old enough.
func (p *progress) show(done, total int, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status != nil {
		p.status(text)
		return
	}
	if !p.terminal {
		if p.now().Sub(p.told) >= between {
			p.told = p.now()
			fmt.Fprintln(p.out, text)
		}
		return
	}
	if p.bar == nil || p.bar.GetMax() != total {
		p.clear()
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(p.out), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetWidth(6), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionUseANSICodes(true),
			progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░", BarStart: "", BarEnd: ""}))
	}
	p.bar.Describe(text)
	p.bar.Set(done)
}

// done removes the bar.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.bar, p.told = nil, time.Time{}
}

// preparer compiles the executables of a task and reports each.
type preparer interface {
	Prepare(report func(done, total int, name string, took time.Duration)) error
}

// compile shows the passing time even during the compilation of a single program.
func (p *progress) compile(x preparer) (time.Duration, error) {
	start := p.now()
	var mu sync.Mutex
	done, total, what := 0, 1, "compiling"
	show := func() {
		mu.Lock()
		defer mu.Unlock()
		p.show(done, total, fmt.Sprintf("%s, %v", what, p.now().Sub(start).Round(time.Second)))
	}
	if !p.terminal {
		p.told = start // loading from the disk ends before the first line is due
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Second / 2)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				show()
			case <-stop:
				return
			}
		}
	}()
	err := x.Prepare(func(d, t int, name string, _ time.Duration) {
		mu.Lock()
		if done, total, what = d, t, "compiling"; strings.HasPrefix(name, block.RacePrefix) {
			what = "racing convolutions"
		}
		mu.Unlock()
	})
	close(stop)
	<-stopped
	p.done()
	return p.now().Sub(start), err
}

// observe shows the events of the loop.
func (p *progress) observe(task fit.Task) func(fit.Event) {
	return func(e fit.Event) {
		epochs := task.Epochs()
		switch e.Kind {
		case event.Note:
			p.say("%s", e.Text)
		case event.EndOfStep:
			done, total := 0, 0
			for i := range epochs {
				if i == e.Epoch {
					done = total + e.Step + 1
				}
				total += task.Steps(i)
			}
			place := fmt.Sprintf("epoch %d/%d, step %d/%d", e.Epoch+1, epochs, e.Step+1, task.Steps(e.Epoch))
			p.show(done, total, place+p.brief(e.Metrics)+left(e.Left))
		case event.EndOfEpoch:
			p.pass(fmt.Sprintf("epoch %d/%d%s%s", e.Epoch+1, epochs, describe(e.Metrics), left(e.Left)))
			p.mu.Lock()
			p.told = p.now()
			p.mu.Unlock()
		}
	}
}

// brief returns the loss and accuracy in few letters, so that the bar fits into a line of 80.
func (p *progress) brief(m event.Metrics) string {
	if !p.terminal {
		return describe(m)
	}
	if _, ok := m["train_accuracy"]; !ok {
		return fmt.Sprintf(", loss %.2f", m["train_loss"])
	}
	return fmt.Sprintf(", loss %.2f, %.0f %%", m["train_loss"], 100*m["train_accuracy"])
}

// describe selects the metrics of interest.
func describe(m event.Metrics) string {
	var text strings.Builder
	for _, part := range [][3]string{{"", "train_loss", "train_accuracy"}, {"architecture ", "arch_loss", "arch_accuracy"}, {"validation ", "val_loss", "val_accuracy"}} {
		if loss, ok := m[part[1]]; ok {
			fmt.Fprintf(&text, ", %sloss %.3f", part[0], loss)
			if accuracy, ok := m[part[2]]; ok {
				fmt.Fprintf(&text, ", accuracy %.1f %%", 100*accuracy)
			}
		}
	}
	for _, part := range [][2]string{{"neighbours right", "knn_accuracy"}, {"of an untrained network", "knn_untrained"}, {"of pixels", "knn_pixels"}} {
		if x, ok := m[part[1]]; ok {
			fmt.Fprintf(&text, ", %s %.1f %%", part[0], 100*x)
		}
	}
	return text.String()
}

func left(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf(", %v to go", d.Round(time.Second))
}
