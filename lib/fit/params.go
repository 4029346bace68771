package fit

import (
	"fmt"

	"github.com/essnas/essnas/lib/block"
)

// Checkpoints contain the weights of a network as "weights/LABEL" (the flat vector of the call),
// running statistics as "running/LABEL", and the velocity of SGD and LARS as "velocity/LABEL". They
// contain the moments of Adam as "adam/LABEL", or under a name that the caller chooses.

// SaveParams adds weights and running statistics to a checkpoint.
func SaveParams(s State, params []*block.Param) {
	for _, p := range params {
		if p.Trainable() {
			s.Arrays["weights/"+p.Label] = vector(p.Value.Floats())
		}
		if len(p.Running) > 0 {
			s.Arrays["running/"+p.Label] = vector(append([]float32{}, p.SyncRunning()...))
		}
	}
}

// LoadParams reads weights and running statistics from a checkpoint of SaveParams. It returns an
// error if a vector is missing or has another length.
func LoadParams(s State, params []*block.Param) error {
	for _, p := range params {
		if p.Trainable() {
			var err error
			p.Update(func(w, _ []float32) { err = s.fill(w, "weights/"+p.Label) })
			if err != nil {
				return err
			}
		}
		p.DropDeviceRunning()
		if err := s.fill(p.Running, "running/"+p.Label); len(p.Running) > 0 && err != nil {
			return err
		}
	}
	return nil
}

// Save adds the moments to a checkpoint as name.m, name.v and name.step.
func (o *Adam) Save(s State, name string) {
	m, v := o.m, o.v
	if o.step == 0 {
		m, v = nil, nil // zeros before the first step
	}
	s.Arrays[name+".m"] = vector(append([]float32{}, m...))
	s.Arrays[name+".v"] = vector(append([]float32{}, v...))
	s.Arrays[name+".step"] = Array{Shape: []int{1}, I64: []int64{int64(o.step)}}
}

// Load reads the moments that Save has added. It returns an error if a vector is missing or has
// another length.
func (o *Adam) Load(s State, name string) error {
	step, ok := s.Arrays[name+".step"]
	if !ok || len(step.I64) != 1 {
		return fmt.Errorf("the checkpoint has no %s.step: it belongs to another program or version; restart the run", name)
	}
	o.step = int(step.I64[0])
	o.m = append([]float32(nil), s.Arrays[name+".m"].F32...)
	o.v = append([]float32(nil), s.Arrays[name+".v"].F32...)
	if len(o.m) == 0 {
		o.m, o.v = nil, nil
	}
	return nil
}

func vector(f []float32) Array { return Array{Shape: []int{len(f)}, F32: f} }

// fill copies the named vector, which must have the length of to.
func (s State) fill(to []float32, name string) error {
	a, ok := s.Arrays[name]
	if !ok || len(a.F32) != len(to) {
		return fmt.Errorf("the checkpoint has no %s of %d values: it was written with other settings; restart the run", name, len(to))
	}
	copy(to, a.F32)
	return nil
}
