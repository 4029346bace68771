package fit

import "github.com/essnas/essnas/lib/block"

// velocity is what momentum remembers: a vector for each trainable param.
type velocity [][]float32

// of calls f with each trainable param and its velocity, which starts as 0.
func (v *velocity) of(params []*block.Param, f func(p *block.Param, v []float32)) {
	i := 0
	for _, p := range params {
		if !p.Trainable() {
			continue
		}
		if i == len(*v) {
			*v = append(*v, make([]float32, p.Value.Tensor().Size()))
		}
		f(p, (*v)[i])
		i++
	}
}

func (v *velocity) save(s State, params []*block.Param) {
	v.of(params, func(p *block.Param, v []float32) { s.Arrays["velocity/"+p.Label] = vector(append([]float32{}, v...)) })
}

func (v *velocity) load(s State, params []*block.Param) (err error) {
	v.of(params, func(p *block.Param, v []float32) {
		if err == nil {
			err = s.fill(v, "velocity/"+p.Label)
		}
	})
	return err
}
