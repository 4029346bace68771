package bench

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// String writes the report as tables: the workloads, the parts of a step, and the comparison if
// there is one.
func (r *Report) String() string {
	m := r.Machine
	var s strings.Builder
	fmt.Fprintf(&s, "%s, %d cores, %s, %s, %s\n", m.Processor, m.Cores, m.memory(), m.System, m.Time.Format("2006-01-02 15:04"))
	if m.GPU != "" {
		fmt.Fprintf(&s, "%s\n", m.GPU)
	}
	runtimes := map[string]bool{}
	for _, x := range r.Results {
		if !runtimes[x.Runtime] {
			runtimes[x.Runtime] = true
			fmt.Fprintf(&s, "%s\n", x.Runtime)
		}
	}
	fmt.Fprintf(&s, "Steps: median (least to largest) of %d turns of %d.\n\n", r.Repeat, r.Steps)
	s.WriteString(r.times() + "\n\n" + r.inside())
	for _, x := range r.Results {
		if x.Epoch != nil {
			s.WriteString("\n" + x.epoch())
		}
	}
	if most := r.others(); most >= 0.1 {
		fmt.Fprintf(&s, "\nOther programs kept up to %s of the cores busy: read ratios and CPU times, not seconds.", percent(most))
	}
	if len(r.Results) > 0 && len(r.Results[0].Against) > 0 {
		s.WriteString("\n\n" + r.comparison())
	}
	return s.String()
}

// others returns the largest fraction of the cores that other programs used.
func (r *Report) others() (most float64) {
	for _, x := range r.Results {
		most = max(most, x.Others)
		for _, o := range x.Against {
			most = max(most, o.Others)
		}
	}
	return
}

func (r *Report) times() string {
	t := newTable("workload", "batch", "weights", "compile\ncold, s", "from\ndisk, s", "first step\ncold, s", "from\ndisk, s", "step, s", "CPU\ntime, s", "images/s", "peak\nmemory")
	for _, x := range r.Results {
		if x.Error != "" {
			t.AppendRow(table.Row{x.name(), x.Batch, x.Error})
			continue
		}
		var cold [2]string
		if x.Cold != nil {
			cold = [2]string{decimal(x.Cold.Compile), decimal(x.Cold.FirstStep)}
		}
		t.AppendRow(table.Row{x.name(), x.Batch, humanize.Comma(int64(x.Weights)), cold[0], decimal(x.Warm.Compile), cold[1], decimal(x.Warm.FirstStep),
			x.Step, decimal(x.CPU), decimal(x.ImagesPerSecond), x.memory()})
	}
	return t.Render()
}

// inside writes the parts of a step.
func (r *Report) inside() string {
	t := newTable("workload", "programs", "executed\nin a step", "waits", "uploads", "an empty\ncall, µs", "cores busy", "others", "held", "GPU busy", "convolutions")
	for _, x := range r.Results {
		if x.Error != "" {
			continue
		}
		gpu := ""
		if x.GPU != nil {
			gpu = percent(*x.GPU)
		}
		t.AppendRow(table.Row{x.name(), x.Programs, humanize.Comma(int64(x.Executions)), humanize.Comma(int64(x.Waits)), humanize.Comma(int64(x.Uploads)), fmt.Sprintf("%.0f", 1e6*x.Call), percent(x.Busy), percent(x.Others), size(x.Held), gpu, x.ways()})
	}
	t.SuppressEmptyColumns()
	return t.Render()
}

// ways writes the number of races that each computation has won; "" without races.
func (x Result) ways() string {
	won := map[string]int{}
	for _, way := range x.Choices {
		won[way]++
	}
	var all []string
	for _, way := range slices.Sorted(maps.Keys(won)) {
		all = append(all, fmt.Sprintf("%d %s", won[way], way))
	}
	return strings.Join(all, ", ")
}

// epoch writes the estimated time of a search and its bottleneck.
func (x Result) epoch() string {
	e := x.Epoch
	whole := time.Duration(e.Seconds * float64(e.Epochs) * float64(time.Second))
	text := fmt.Sprintf("An epoch of %s, %d steps: %s s, so at most %v for a search of %d epochs (those in which alphas and betas stand still take about half).",
		x.name(), e.Steps, decimal(e.Seconds), whole.Round(time.Minute), e.Epochs)
	launching := x.Call * float64(e.Executions)
	switch {
	case e.GPU == nil:
		return text
	case *e.GPU >= 0.9:
		return text + fmt.Sprintf(" The GPU was busy for %s of it, and is the limit.", percent(*e.GPU))
	}
	return text + fmt.Sprintf(" The GPU was busy for %s of it; the host launched %d programs in a step, which by itself takes %s of the time, and waited %d times: it is the limit.",
		percent(*e.GPU), e.Executions/uint64(e.Steps), percent(launching/e.Seconds), e.Waits)
}

// name returns the name of the workload, with its precision if it is unusual.
func (x Result) name() string {
	if x.Precision == "" || x.Precision == "float32" {
		return x.Workload
	}
	return x.Workload + ", " + x.Precision
}

// memory writes the peak memory: the GPU's if known, else the process's.
func (s Steps) memory() string {
	if s.Device > 0 {
		return size(s.Device) + " (GPU)"
	}
	return size(s.Peak)
}

func (r *Report) comparison() string {
	t := newTable("workload", "side", "first step, s", "step, s", "CPU time, s", "cores busy", "others", "peak memory", "PyTorch's best / ours")
	for _, x := range r.Results {
		t.AppendRow(table.Row{x.name(), "essnas", decimal(x.Warm.FirstStep), x.Step, decimal(x.CPU), percent(x.Busy), percent(x.Others), x.memory(), ""})
		for _, o := range x.Against {
			if o.Error != "" {
				t.AppendRow(table.Row{"", "PyTorch, " + o.Name, "none: " + o.Error})
				continue
			}
			ratio := ""
			if o.Name == x.Best {
				ratio = x.Ratio.String()
			}
			t.AppendRow(table.Row{"", o.Runtime + ", " + o.Name, decimal(o.FirstStep), o.Step, decimal(o.CPU), percent(o.Busy), percent(o.Others), o.memory(), ratio})
		}
	}
	return t.Render()
}

func newTable(header ...any) table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(header)
	var columns []table.ColumnConfig
	for i := range header {
		if i > 0 && header[i] != "side" {
			columns = append(columns, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	t.SetColumnConfigs(columns)
	return t
}

// String writes "1.23 (1.20 to 1.31)".
func (s Sample) String() string {
	return fmt.Sprintf("%s (%s to %s)", decimal(s.Median), decimal(s.Min), decimal(s.Max))
}

// decimal writes a number with three significant digits.
func decimal(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	case x >= 1:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.3f", x)
}

func percent(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) }

func size(n uint64) string {
	if n == 0 {
		return "unknown"
	}
	return humanize.Bytes(n)
}
