package stage

import (
	"context"

	"github.com/essnas/essnas/lib/network"
)

// Latencies measures the time of each network for a batch on the environment's device, in seconds,
// [network][turn]; see [network.Latencies], whose errors it returns.
func (l *Env) Latencies(ctx context.Context, nets []*network.Network, turns int) ([][]float64, error) {
	b, err := l.open(ctx, 0)
	if err != nil {
		return nil, err
	}
	return network.Latencies(ctx, b, nets, turns)
}
