package bench

import (
	"fmt"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/settings"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/supernet"
)

// Workload is something to measure: steps of a search (Search), or of a found network's training (Train), or passes of that
// network without training (Train and Inference), on random images.
type Workload struct {
	Name      string           `json:"name"`
	Help      string           `json:"help"`
	Search    *settings.Search `json:"search"`
	Train     *settings.Train  `json:"train"`
	Genotype  *cell.Genotype   `json:"genotype"` // with Train
	Inference bool             `json:"inference"`

	Classes       int `json:"classes"`
	ImageChannels int `json:"image_channels"`
	Side          int `json:"side"` // of the images, in pixels

	// BatchGPU is the batch of the papers, for which a CPU has not the time.
	BatchGPU int `json:"batch_gpu"`
	// EpochImages: on a GPU a whole epoch on so many images is run, too; 0: none is.
	EpochImages int `json:"epoch_images"`
}

// Workloads are the ones with a name. Settings are the presets of package lab, but for the batch, and without frozen epochs.
func Workloads() []Workload {
	return []Workload{
		searched("pc-darts", "bilevel step of PC-DARTS: 8 cells, C=16, K=4", "pc-darts", 64, 256, 0).withEpoch(50000),
		searched("darts", "bilevel step of DARTS: 8 cells, C=16, K=1", "darts", 16, 64, 0),
		searched("p-darts", "third phase of P-DARTS: 17 cells, C=16, K=1, 3 operations an edge", "p-darts", 16, 96, 0),
		searched("pcp-darts", "third phase of PCP-DARTS: 17 cells, C=16, K=4, 3 operations an edge", "pcp-darts", 64, 256, 0),
		searched("barlow-twins", "bilevel step of PC-DARTS with half of the Barlow Twins loss: two views", "pc-darts", 64, 256, 0.5),
		trained("train", "training step of PC_DARTS_cifar: 20 cells, C=36, auxiliary tower, drop path, cutout", 16, 96, false),
		trained("inference", "the same network's scores, without training", 64, 256, true),
	}
}

func searched(name, help, method string, batch, gpu int, ssFactor float64) Workload {
	c := settings.SearchChoice()
	c.Preset, c.Method = "slides", method
	s, err := c.Settings()
	if err != nil {
		panic(err) // a preset that doesn't work
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

// Named picks workloads by name, in the order of Workloads; no names: all.
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

// Batch is the number of images in a batch.
func (w Workload) Batch() int {
	if w.Search != nil {
		return w.Search.Batch
	}
	return w.Train.Batch
}

// WithBatch is the workload with another batch.
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

// Images is how many a step reads: a bilevel step reads a batch of each half. Two views of an image are one image.
func (w Workload) Images() int {
	if w.Search != nil {
		return 2 * w.Search.Batch
	}
	return w.Train.Batch
}

// last is the last phase of a search, the epoch that it begins with, and the operations that are kept for it.
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
	if phase > 0 { // alphas as they are at the start keep operations that differ from edge to edge
		space = supernet.NewArch(space, w.Search.Partial > 1, w.Search.Seed).Keep(p.Operations)
	}
	return
}

// Precision is that of the numbers that images are on their way through the network.
func (w Workload) Precision() string {
	if w.Search != nil {
		return w.Search.Precision
	}
	return w.Train.Precision
}

// WithPrecision is the workload with another precision, as the settings name it.
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
