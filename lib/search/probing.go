package search

import (
	"maps"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/settings"
)

// probing is the SGD of a search's weights. In a search without labels the classifier is a probe
// with its own SGD, so that its gradient does not count in the clipped norm of the others.
type probing struct {
	trunk, classifier fit.SGD
	probe             bool
}

func newProbing(e *block.Engine, s settings.Search, probe bool) *probing {
	sgd := func() fit.SGD {
		return fit.SGD{Momentum: s.Momentum, WeightDecay: s.WeightDecay, Clip: s.Clip, Engine: e}
	}
	return &probing{sgd(), sgd(), probe}
}

// split separates the params of the loss from those of a probe.
func (o *probing) split(params []*block.Param) (trunk, classifier []*block.Param) {
	for _, p := range params {
		if o.probe && p.Label == backbone.ClassifierLabel {
			classifier = append(classifier, p)
		} else {
			trunk = append(trunk, p)
		}
	}
	return
}

// Step implements fit.Optimizer. The norm is that of the params without the probe.
func (o *probing) Step(params []*block.Param, lr float64) (fit.Later, error) {
	trunk, classifier := o.split(params)
	norm, err := o.trunk.Step(trunk, lr)
	if err != nil {
		return nil, err
	}
	_, err = o.classifier.Step(classifier, lr)
	return norm, err
}

// Save implements fit.Optimizer.
func (o *probing) Save(s fit.State, params []*block.Param) {
	trunk, classifier := o.split(params)
	o.trunk.Save(s, trunk)
	o.classifier.Save(s, classifier)
}

// Load implements fit.Optimizer.
func (o *probing) Load(s fit.State, params []*block.Param) error {
	trunk, classifier := o.split(params)
	if err := o.trunk.Load(s, trunk); err != nil {
		return err
	}
	return o.classifier.Load(s, classifier)
}

// Close implements fit.Optimizer.
func (o *probing) Close() {
	o.trunk.Close()
	o.classifier.Close()
}

// velocities returns the momentum of the params by label, like fit.SGD's Velocities.
func (o *probing) velocities(params []*block.Param) map[string][]float32 {
	trunk, classifier := o.split(params)
	all := o.trunk.Velocities(trunk)
	maps.Copy(all, o.classifier.Velocities(classifier))
	return all
}
