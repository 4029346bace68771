package attack

import (
	"fmt"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/network"
)

// BenchmarkAttack is FGSM and PGD of ten steps, on 128 images of 3x32x32 in batches of 64, of a network of eight cells
// and 16 channels. testdata/speed.py is the same in PyTorch with torchattacks.
func BenchmarkAttack(b *testing.B) {
	const n, batch = 128, 64
	g, _ := cell.Published("PC_DARTS_cifar")
	m := network.NewModel(backendtest.Open(b), network.New(g, 8, 16, 10, 3, 32, batch, false), 1)
	defer m.Close()
	c, err := m.Pixels([]float32{0.5, 0.5, 0.5}, []float32{0.25, 0.25, 0.25})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if err := c.Prepare(nil); err != nil {
		b.Fatal(err)
	}
	im := data.Images{N: n, Height: 32, Width: 32, Channels: 3, Pixels: make([]uint8, n*3*32*32), Labels: make([]uint8, n)}
	for i := range im.Pixels {
		im.Pixels[i] = uint8(i * 37)
	}
	for _, o := range []Options{{Method: "fgsm"}, {Method: "pgd", Steps: 10}} {
		o.Eps = []float64{8. / 255}
		methods, err := o.Complete(10)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(o.Method), func(b *testing.B) {
			for b.Loop() {
				if err := each(b.Context(), c, n, func(q *queries, i int) {
					x := Pixels(im, i)
					methods.methods()[0].on(q, &problem{x: x, label: 0, eps: 8. / 255, r: random(1, o.Method, 0, i)})
				}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
