package fit

import "github.com/essnas/essnas/lib/block"

// velocity is the state of momentum: one vector per trainable param, by label.
type velocity struct {
	device
	each map[string][]float32
}

// of returns the vector of a param, which is initially 0.
func (v *velocity) of(p *block.Param) []float32 {
	if v.each == nil {
		v.each = map[string][]float32{}
	}
	own, ok := v.each[p.Label]
	if !ok {
		own = make([]float32, p.Value.Tensor().Size())
		v.each[p.Label] = own
	}
	return own
}

func (v *velocity) host(p *block.Param) [][]float32 { return [][]float32{v.of(p)} }

// Velocities returns the momentum of the params on the host, by label: the vector v of the formula.
// The vectors belong to the optimizer and are read-only.
func (o *SGD) Velocities(params []*block.Param) map[string][]float32 {
	o.velocity.fetch(params, o.velocity.host)
	all := make(map[string][]float32, len(params))
	for _, p := range params {
		if p.Trainable() {
			all[p.Label] = o.velocity.of(p)
		}
	}
	return all
}

func (v *velocity) save(s State, params []*block.Param) {
	v.fetch(params, v.host)
	for _, p := range params {
		if p.Trainable() {
			s.Arrays["velocity/"+p.Label] = vector(append([]float32{}, v.of(p)...))
		}
	}
}

func (v *velocity) load(s State, params []*block.Param) error {
	v.close()
	for _, p := range params {
		if p.Trainable() {
			if err := s.fill(v.of(p), "velocity/"+p.Label); err != nil {
				return err
			}
		}
	}
	return nil
}
