package corrupt

import (
	"fmt"
	"math"
	"testing"

	"github.com/essnas/essnas/lib/internal/golden"
)

// replay is a source that repeats the random numbers of the original.
type replay struct {
	t                               *testing.T
	normals, uniforms, wholes, rays []float32
}

func (r *replay) next(kind string, from *[]float32) float64 {
	if len(*from) == 0 {
		r.t.Fatalf("more %s numbers are drawn than in the original", kind)
	}
	v := (*from)[0]
	*from = (*from)[1:]
	return float64(v)
}

func (r *replay) normal() float64         { return r.next("normal", &r.normals) }
func (r *replay) uniform() float64        { return r.next("uniform", &r.uniforms) }
func (r *replay) whole(int) int           { return int(r.next("whole", &r.wholes)) }
func (r *replay) poisson(float64) float64 { return r.next("Poisson", &r.rays) }

// TestCorruptionsAreThoseOfCIFAR10C: with the random numbers of the original, pictures are equal up
// to the rounding of float32. JPEG encoders differ in the rounding of coefficients, whose steps are
// up to 40 grey levels here.
func TestCorruptionsAreThoseOfCIFAR10C(t *testing.T) {
	all := golden.Read(t, "corrupt")
	overlay := newField(40, 44, 3)
	for i, v := range all["overlay"].Data {
		overlay.v[i] = float64(v) / 255
	}
	const level = 1.0 / 255
	for _, c := range All() {
		for severity := range Severities {
			of := func(kind string) []float32 {
				if a, ok := all[c.Name+"/"+kind]; ok {
					return a.Data
				}
				return all[fmt.Sprintf("%s/%d/%s", c.Name, severity+1, kind)].Data
			}
			x := newField(32, 32, 3)
			for i, v := range all["x"].Data {
				x.v[i] = math.Round(float64(v)*255) / 255
			}
			s := &replay{t, of("normal"), of("uniform"), of("whole"), of("poisson")}
			change := c.change
			if c.Name == "frost" {
				change = func(x *field, severity int, s source) *field {
					return frosted(x, severity, s, []*field{overlay, overlay, overlay, overlay, overlay})
				}
			}
			y := change(x, severity, s)
			if left := len(s.normals) + len(s.uniforms) + len(s.wholes) + len(s.rays); left > 0 {
				t.Errorf("%s: the original draws %d numbers more", c.Name, left)
			}
			mean, most, n := 0.0, 0.0, 0
			for i, want := range of("y") {
				d := math.Abs(clip(y.v[7*i]) - float64(want))
				mean, most, n = mean+d, max(most, d), n+1
			}
			mean /= float64(n)
			limit, largest := 2e-7, 2e-6
			if c.Name == "jpeg_compression" {
				limit, largest = 0.75*level, 8.5*level
			}
			if n != 439 || !(mean <= limit && most <= largest) {
				t.Errorf("%s, severity %d: differs by %.2g in the mean and by at most %.2g", c.Name, severity+1, mean, most)
			}
		}
	}
}
