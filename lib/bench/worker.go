package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Work is the worker: it measures the job that it reads from in, see protocol.go, until in ends. It
// returns an error if a line can't be read or a step fails.
func Work(ctx context.Context, in io.Reader, out io.Writer) error {
	lines, ended := make(chan []byte), make(chan error, 1)
	go func() {
		scanner := bufio.NewScanner(in)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			lines <- append([]byte{}, scanner.Bytes()...)
		}
		ended <- scanner.Err()
		os.Exit(0) // the parent has gone
	}()
	var w Workload
	j := job{Workload: &w}
	if err := json.Unmarshal(<-lines, &j); err != nil {
		return fmt.Errorf("the job can't be read: %w", err)
	}
	b, err := backend.Open(ctx, backend.Options{Choice: backend.Choice(j.Backend)})
	if err != nil {
		return err
	}
	b = b.Racing(nil)
	answer := json.NewEncoder(out)
	t, err := w.start(b, j.Epoch)
	if err != nil {
		return err
	}
	defer t.Close()
	begin := time.Now()
	err = t.Prepare(func(done, total int, _ string, _ time.Duration) {
		answer.Encode(reply{Compiling: &compiling{done, total}})
	})
	if err != nil {
		return err
	}
	r := ready{Runtime: b.String(), Compile: time.Since(begin).Seconds()}
	if err := whole(t, 0); err != nil {
		return err
	}
	r.Weights, r.MACs = t.count()
	stats := b.Stats()
	r.Programs, r.Loaded = stats.Compiled+stats.Loaded, stats.Loaded
	r.Choices = b.Choices.All()
	if err := answer.Encode(reply{Ready: &r}); err != nil {
		return err
	}
	for made := 1; ; {
		var o order
		select {
		case <-ctx.Done():
			return ctx.Err()
		case line := <-lines:
			if err := json.Unmarshal(line, &o); err != nil {
				return fmt.Errorf("the order can't be read: %w", err)
			}
		}
		if o.Steps > 0 {
			steps, err := turn(b, t, made, o.Steps)
			if err != nil {
				return err
			}
			for _, s := range steps {
				if err := answer.Encode(reply{Step: &s}); err != nil {
					return err
				}
			}
			made += o.Steps
		}
		if o.Epoch {
			e, err := t.(*searching).run(ctx, b)
			if err != nil {
				return err
			}
			if err := answer.Encode(reply{Epoch: e}); err != nil {
				return err
			}
		}
		if o.Calls > 0 {
			took, err := emptyCalls(b, o.Calls)
			if err != nil {
				return err
			}
			seconds := took.Seconds() / float64(o.Calls)
			if err := answer.Encode(reply{Call: &seconds}); err != nil {
				return err
			}
		}
	}
}

// turn makes n steps beginning with first. On a GPU it launches all of them before it reads the
// first result, as a run does; each step then takes an n-th of the time.
func turn(b *backend.Backend, t task, first, n int) (steps []step, err error) {
	together := 1
	if b.GPU() {
		together = n
	}
	for made := 0; made < n; made += together {
		before, begin, busy := b.Counts(), time.Now(), cpuTime()
		var reads []func() error
		for i := range together {
			read, err := t.launch(first + made + i)
			if err != nil {
				return nil, err
			}
			reads = append(reads, read)
		}
		for _, read := range reads {
			if err := read(); err != nil {
				return nil, err
			}
		}
		k := float64(together)
		s := step{Seconds: time.Since(begin).Seconds() / k, CPU: (cpuTime() - busy).Seconds() / k}
		after := b.Counts()
		s.Executions, s.Waits, s.Uploads = (after.Executions-before.Executions)/uint64(together), (after.Waits-before.Waits)/uint64(together), (after.Uploads-before.Uploads)/uint64(together)
		s.DevicePeak = after.DevicePeak
		for range together {
			steps = append(steps, s)
		}
	}
	return steps, nil
}

// emptyCalls makes n consecutive calls of a block that adds 1 to a number, which measures the cost
// of a call.
func emptyCalls(b *backend.Backend, n int) (time.Duration, error) {
	e := block.NewEngine(b.Backend)
	nothing := &block.Block{Name: "nothing", In: []shapes.Shape{block.Floats(1)}, Fn: func(_ *block.Ctx, in, _ []*Node) []*Node {
		return []*Node{AddScalar(in[0], 1)}
	}}
	chain := func(n int) (time.Duration, error) {
		tape := block.NewTape(e, nil, block.Evaluate, block.None)
		defer tape.Close()
		x := block.NewValue(tensors.FromFlatDataAndDimensions([]float32{1}, 1))
		defer x.Set(nil)
		v := []*block.Value{x}
		begin := time.Now()
		for range n {
			v = tape.Call("", nothing, v, nil)
		}
		v[0].Hold()
		if err := tape.Run(); err != nil {
			return 0, err
		}
		took := time.Since(begin)
		if sum := v[0].Floats()[0]; sum != float32(n+1) {
			return 0, fmt.Errorf("%d calls that add 1 to 1 gave %g", n, sum)
		}
		return took, nil
	}
	if _, err := chain(10); err != nil { // compiles
		return 0, err
	}
	return chain(n)
}
