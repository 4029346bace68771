package kit

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/fit/event"
)

// tolerance is the largest difference between values or gradients of a block on two devices.
const tolerance = 1e-3

// compareBlocks computes the blocks on the CPU and on the device.
func (k Kit) compareBlocks(ctx context.Context, s *Step) error {
	got, lost, failed := k.blocksOn(ctx, s, k.Backend)
	if len(got)+len(lost) == 0 && failed != nil {
		return failed
	}
	want, unknown, err := k.blocksOn(ctx, s, backend.CPU)
	if err == nil && len(unknown) > 0 {
		err = fmt.Errorf("%s: %s", unknown[0].Name, unknown[0].Error)
	}
	if err != nil {
		return fmt.Errorf("the CPU can't compute the blocks for the comparison: %w", err)
	}
	var bad []string
	for _, r := range lost {
		bad = append(bad, r.Name+": "+r.Error)
	}
	worst, compared := 0.0, 0
	for _, w := range want {
		i := slices.IndexFunc(got, func(r result) bool { return r.Name == w.Name })
		if i < 0 {
			continue // it is lost
		}
		compared++
		values, gradients, fault := difference(got[i], w)
		text := fmt.Sprintf("value %.1e, gradient %.1e  %s", values, gradients, w.Name)
		if fault != "" {
			bad = append(bad, w.Name+": "+fault)
			text += ": " + fault
		}
		s.Text += text + "\n"
		worst = max(worst, values, gradients)
	}
	for _, r := range got { // only devices with separate memory have some blocks
		if !slices.ContainsFunc(want, func(w result) bool { return w.Name == r.Name }) {
			s.Text += fmt.Sprintf("not on the CPU: %s\n", r.Name)
		}
	}
	s.Said = fmt.Sprintf("%d blocks, the largest difference from the CPU is %.1e", compared, worst)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case len(bad) > 0:
		s.Text += strings.Join(bad, "\n") + "\n"
		return fmt.Errorf("%d of %d blocks are wrong or fail, the first is %s", len(bad), len(want), bad[0])
	case failed != nil:
		return failed
	case compared != len(want):
		return fmt.Errorf("%d of %d blocks were computed", compared, len(want))
	}
	return nil
}

// blocksOn computes the blocks on a device. A block that fails, or at which the process dies, is
// among the lost ones; another process goes on after it. blocksOn returns an error if a process
// dies before the first block.
func (k Kit) blocksOn(ctx context.Context, s *Step, device backend.Choice) (done, lost []result, err error) {
	j := k.job("blocks")
	j.Search, j.Train = k.Search, k.Train
	for {
		answers, err := k.run(ctx, s, j, device)
		begun := ""
		for _, a := range answers {
			switch {
			case a.Begun != "":
				begun = a.Begun
				j.Skip++
			case a.Block != nil && a.Block.Error != "":
				lost = append(lost, *a.Block)
				begun = ""
			case a.Block != nil:
				done = append(done, *a.Block)
				begun = ""
			}
		}
		if err == nil || ctx.Err() != nil {
			return done, lost, err
		}
		if begun == "" || len(lost) >= mostLost {
			return done, lost, err
		}
		lost = append(lost, result{Name: begun, Error: err.Error()})
	}
}

// mostLost is the number of lost blocks after which the comparison ends, because each lost block
// costs a process.
const mostLost = 8

// difference compares results: the differences of values and gradients, the latter the largest of
// all inputs and weights. fault describes a difference above the tolerance, and is "" without one.
func difference(got, want result) (values, gradients float64, fault string) {
	if len(got.Gradient) != len(want.Gradient) {
		return math.Inf(1), math.Inf(1), fmt.Sprintf("it has %d gradients, want %d", len(got.Gradient), len(want.Gradient))
	}
	values = distance(got.Value, want.Value)
	for i := range want.Gradient {
		// NaN is the largest
		if d := distance(got.Gradient[i], want.Gradient[i]); !(d <= gradients) {
			gradients = d
		}
	}
	switch {
	case !(values <= tolerance):
		fault = fmt.Sprintf("its value differs from the CPU's by %.1e", values)
	case !(gradients <= tolerance):
		fault = fmt.Sprintf("its gradient differs from the CPU's by %.1e", gradients)
	}
	return values, gradients, fault
}

// distance is |got-want| / |want| in the Euclidean norm. A difference below single precision's
// rounding of sums counts as none where want is nearly 0.
func distance(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	var difference, norm float64
	for i, w := range want {
		d := float64(got[i]) - float64(w)
		difference += d * d
		norm += float64(w) * float64(w)
	}
	floor := 1e-4 * math.Sqrt(float64(len(want)))
	return math.Sqrt(difference) / max(math.Sqrt(norm), floor)
}

// compared are the metrics of a step that depend on every block, forward and backward.
var compared = []string{"train_loss", "arch_loss", "grad_norm", "arch_grad_norm"}

// compareSteps makes the first step of a search on the CPU in float32 and on the device.
func (k Kit) compareSteps(ctx context.Context, s *Step, precision string, tolerance float64) error {
	j := k.job("step")
	j.Search, j.Precision = k.Search, precision
	metrics := func(answers []answer) event.Metrics {
		for _, a := range answers {
			if a.Metrics != nil {
				return a.Metrics
			}
		}
		return nil
	}
	answers, err := k.run(ctx, s, j, k.Backend)
	if err != nil {
		return err
	}
	got := metrics(answers)
	j.Precision = "float32"
	if answers, err = k.run(ctx, s, j, backend.CPU); err != nil {
		return fmt.Errorf("the CPU can't make the step for the comparison: %w", err)
	}
	want := metrics(answers)
	var said, wrong []string
	for _, name := range compared {
		w, known := want[name]
		if !known {
			return fmt.Errorf("the CPU's step has no %s", name)
		}
		g, known := got[name]
		text := fmt.Sprintf("%s %.5g, on the CPU %.5g", name, g, w)
		said = append(said, text)
		if !known || !(math.Abs(g-w) <= tolerance*math.Abs(w)) {
			wrong = append(wrong, text)
		}
	}
	s.Said = strings.Join(said, "; ")
	if len(wrong) > 0 {
		return fmt.Errorf("a step is wrong: %s", strings.Join(wrong, "; "))
	}
	return nil
}
