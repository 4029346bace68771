package bench

import (
	"fmt"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/supernet"
)

// Workload is the object of a measurement: steps of a search (Search) or of the training of a found
// network (Train), forward passes of that network (Train and Inference), or attacks on it (Train and
// Attack), on random images.
type Workload struct {
	Name      string           `json:"name"`
	Help      string           `json:"help"`
	Search    *settings.Search `json:"search"`
	Train     *settings.Train  `json:"train"`
	Genotype  *cell.Genotype   `json:"genotype"` // with Train
	Inference bool             `json:"inference"`
	Attack    string           `json:"attack"` // fgsm or pgd, see attack.Methods

	Classes       int `json:"classes"`
	ImageChannels int `json:"image_channels"`
	Side          int `json:"side"` // of the images, in pixels

	// BatchGPU is the batch of the papers, which is too slow for a CPU.
	BatchGPU int `json:"batch_gpu"`
	// EpochImages is the number of images of a whole epoch, run on a GPU in addition; 0: none.
	EpochImages int `json:"epoch_images"`
}

// Workloads lists the named workloads. Their settings are the presets of package settings, except
// for the batch, and without frozen epochs.
func Workloads() []Workload {
	return []Workload{
		searched("pc-darts", "bilevel step of PC-DARTS: 8 cells, C=16, K=4", "pc-darts", 64, 256, 0).withEpoch(50000),
		searched("darts", "bilevel step of DARTS: 8 cells, C=16, K=1", "darts", 16, 64, 0),
		searched("p-darts", "third phase of P-DARTS: 17 cells, C=16, K=1, 3 operations an edge", "p-darts", 16, 96, 0),
		searched("pcp-darts", "third phase of PCP-DARTS: 17 cells, C=16, K=4, 3 operations an edge", "pcp-darts", 64, 256, 0),
		searched("barlow-twins", "bilevel step of PC-DARTS with half of the Barlow Twins loss: two views", "pc-darts", 64, 256, 0.5),
		trained("train", "training step of PC_DARTS_cifar: 20 cells, C=36, auxiliary tower, drop path, cutout", 16, 96, false),
		trained("inference", "the same network's scores, without training", 64, 256, true),
		attacked("fgsm", "FGSM on PC_DARTS_cifar: 8 cells, C=16, epsilon 8/255"),
		attacked("pgd", "ten steps of PGD on the same network, epsilon 8/255"),
	}
}

// attacked returns an attack on a network of the size that students train.
func attacked(method, help string) Workload {
	w := trained(method, help, 64, 256, false)
	w.Attack, w.Train.Cells, w.Train.Channels = method, 8, 16
	return w
}

func searched(name, help, method string, batch, gpu int, ssFactor float64) Workload {
	c := settings.SearchChoice()
	c.Preset, c.Method = "slides", method
	s, err := c.Settings()
	if err != nil {
		panic(err) // an invalid preset
	}
	s.Batch, s.Frozen, s.SSFactor = batch, 0, ssFactor
	return Workload{Name: name, Help: help, Search: &s, Classes: 10, ImageChannels: 3, Side: 32, BatchGPU: gpu}
}

func (w Workload) withEpoch(images int) Workload {
	w.EpochImages = images
	return w
}

func trained(name, help string, batch, gpu int, inference bool) Workload {
	c := settings.TrainChoice()
	c.Preset = "paper"
	s, err := c.Settings()
	if err != nil {
		panic(err)
	}
	s.Batch = batch
	g, _ := cell.Published("PC_DARTS_cifar")
	return Workload{Name: name, Help: help, Train: &s, Genotype: &g, Inference: inference, Classes: 10, ImageChannels: 3, Side: 32, BatchGPU: gpu}
}

// Named returns the workloads with these names in the order of Workloads, or all without names. It
// returns an error for an unknown name.
func Named(names []string) (chosen []Workload, err error) {
	all := Workloads()
	if len(names) == 0 {
		return all, nil
	}
	for _, n := range names {
		if !slices.ContainsFunc(all, func(w Workload) bool { return w.Name == n }) {
			return nil, fmt.Errorf("there is no workload %q: use one of %s", n, strings.Join(Names(), ", "))
		}
	}
	for _, w := range all {
		if slices.Contains(names, w.Name) {
			chosen = append(chosen, w)
		}
	}
	return chosen, nil
}

// Names lists the names of Workloads.
func Names() (names []string) {
	for _, w := range Workloads() {
		names = append(names, w.Name)
	}
	return
}

// Batch returns the number of images in a batch.
func (w Workload) Batch() int {
	if w.Search != nil {
		return w.Search.Batch
	}
	return w.Train.Batch
}

// WithBatch returns the workload with another batch.
func (w Workload) WithBatch(n int) Workload {
	if w.Search != nil {
		s := *w.Search
		s.Batch, w.Search = n, &s
	} else {
		s := *w.Train
		s.Batch, w.Train = n, &s
	}
	return w
}

// Images returns the number of images in a step: a bilevel step reads a batch of each half. Two
// views of an image count as one image.
func (w Workload) Images() int {
	if w.Search != nil {
		return 2 * w.Search.Batch
	}
	return w.Train.Batch
}

// last returns the last phase of a search, its first epoch, and the operations that it keeps.
func (w Workload) last() (phase int, p settings.Phase, epoch int, space supernet.Space, err error) {
	space = supernet.FullSpace()
	all, err := w.Search.PhaseList()
	if err != nil {
		return
	}
	phase = len(all) - 1
	for _, before := range all[:phase] {
		epoch += before.Epochs
	}
	p = all[phase]
	if phase > 0 { // the initial alphas keep operations that differ between edges
		space = supernet.NewArch(space, w.Search.Partial > 1, w.Search.Seed).Keep(p.Operations)
	}
	return
}

// Precision returns the precision of the activations.
func (w Workload) Precision() string {
	if w.Search != nil {
		return w.Search.Precision
	}
	return w.Train.Precision
}

// WithPrecision returns the workload with another precision, as the settings name it.
func (w Workload) WithPrecision(p string) Workload {
	if w.Search != nil {
		s := *w.Search
		s.Precision, w.Search = p, &s
	} else {
		s := *w.Train
		s.Precision, w.Train = p, &s
	}
	return w
}
