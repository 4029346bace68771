package network

import (
	"context"
	"time"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// Latencies measures the time of networks for a batch of images on the device, from the start of
// the batch until the host has read its logits, in seconds [network][turn]. The networks take
// turns, so that other load on the machine affects all of them alike. Each runs once before the
// first turn. Weights are initial ones: the time does not depend on them. Latencies returns an
// error if a block does not compile, the device fails, or ctx ends.
func Latencies(ctx context.Context, b *backend.Backend, nets []*Network, turns int) ([][]float64, error) {
	times := make([][]float64, len(nets))
	var passes []func() error
	for _, net := range nets {
		m := NewModel(b, net, 1)
		defer m.Close()
		if err := m.Prepare(nil); err != nil {
			return nil, err
		}
		images := shapes.Make(m.Lowering().DType(), m.Lowering().Layout.Dims(net.ImageChannels, net.ImageSide, net.ImageSide, net.Batch)...)
		x := block.NewValue(tensors.FromShape(images))
		defer x.Set(nil)
		passes = append(passes, func() error {
			tape := block.NewTape(m.engine, m.Params, block.Evaluate, block.None)
			defer tape.Close()
			logits := m.Net.Run(tape, x, nil).Logits.Hold()
			if err := tape.Run(); err != nil {
				return err
			}
			m.rows(logits)
			return nil
		})
	}
	for turn := -1; turn < turns; turn++ {
		for i, pass := range passes {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			start := time.Now()
			if err := pass(); err != nil {
				return nil, err
			}
			if turn >= 0 {
				times[i] = append(times[i], time.Since(start).Seconds())
			}
		}
	}
	return times, nil
}
