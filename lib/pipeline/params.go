package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/supernet"
)

// Size is the size of a network.
type Size struct {
	Network  string `json:"network"`
	Cells    int    `json:"cells"`
	Channels int    `json:"channels"`
	Classes  int    `json:"classes"`
	// number of weights, with those of norms and without running statistics
	Weights int `json:"weights"`
	// multiply-accumulates of the convolutions and linear layers, for one image
	MACs int `json:"macs"`
}

// Shape holds the numbers that determine the size of a network of given cells.
type Shape struct {
	Cells, Channels, Classes int
	ImageChannels, ImageSide int
	Stem                     string // "" or one of settings.Stems()
}

func (s Shape) validate() error {
	switch {
	case s.Cells < 3 || s.Cells > 1000:
		return fmt.Errorf("cells is %d: want 3 to 1000", s.Cells)
	case s.Channels < 2 || s.Channels%2 != 0 || s.Channels > 4096:
		return fmt.Errorf("channels is %d: want an even number, 2 to 4096", s.Channels)
	case s.Classes < 2 || s.Classes > 100000:
		return fmt.Errorf("classes is %d: want 2 to 100000", s.Classes)
	case s.ImageChannels < 1 || s.ImageChannels > 16 || s.ImageSide < 8 || s.ImageSide > 1024:
		return fmt.Errorf("images of %d channels and %d x %d pixels can't be used: want 1 to 16 and a side of 8 to 1024", s.ImageChannels, s.ImageSide, s.ImageSide)
	case s.Stem != "" && !slices.Contains(settings.Stems(), s.Stem):
		return fmt.Errorf("there is no stem %q: choose one of %s", s.Stem, strings.Join(settings.Stems(), ", "))
	case s.ImageSide%4 != 0:
		return fmt.Errorf("images of side %d can't be halved twice: want a multiple of 4, such as %d", s.ImageSide, (s.ImageSide+2)/4*4)
	case s.Stem == backbone.StemImageNet && s.ImageSide%32 != 0:
		return fmt.Errorf("images of side %d can't be halved five times, which the stem imagenet requires: give a multiple of 32, such as 224", s.ImageSide)
	}
	return nil
}

// NetworkSize counts the weights and MACs of a genotype's network from shapes alone, with or
// without the auxiliary tower of trainings. It returns an error if the shape is invalid.
func NetworkSize(name string, g cell.Genotype, s Shape, auxiliary bool) (Size, error) {
	if err := s.validate(); err != nil {
		return Size{}, err
	}
	least := 17
	if s.Stem == backbone.StemImageNet {
		least = 160
	}
	if auxiliary && s.ImageSide < least {
		return Size{}, fmt.Errorf("an auxiliary tower needs images of %d x %[1]d pixels or more: these images have %d x %[2]d", least, s.ImageSide)
	}
	size := Size{Network: name, Cells: s.Cells, Channels: s.Channels, Classes: s.Classes}
	size.Weights, size.MACs = network.New(g, s.Cells, s.Channels, s.Classes, s.ImageChannels, s.ImageSide, 1, auxiliary).With(s.Stem).Count()
	return size, nil
}

// supernets lists the search networks of SupernetSize with the K of their partial channels.
var supernets = []struct {
	name string
	k    int
}{{"pc-darts", 4}, {"p-darts", 1}, {"darts", 1}}

// SupernetSize counts the weights (without alphas and betas) and MACs of a search network with all
// operations: "pc-darts" (K=4), "p-darts" or "darts" (K=1). It returns an error if the name is
// unknown or the shape is invalid.
func SupernetSize(name string, s Shape) (Size, error) {
	if err := s.validate(); err != nil {
		return Size{}, err
	}
	var names []string
	for _, n := range supernets {
		names = append(names, n.name)
		if n.name != name {
			continue
		}
		if s.Channels%n.k != 0 {
			return Size{}, fmt.Errorf("channels is %d: %s wants a multiple of %d, because 1/%d of them go through the operations", s.Channels, name, n.k, n.k)
		}
		net := supernet.Network{Space: supernet.FullSpace(), Backbone: backbone.Backbone{
			Cells: s.Cells, Channels: s.Channels, Classes: s.Classes, ImageChannels: s.ImageChannels, ImageSide: s.ImageSide, Batch: 1, Partial: n.k,
		}}
		size := Size{Network: name, Cells: s.Cells, Channels: s.Channels, Classes: s.Classes}
		size.Weights, size.MACs = net.Count()
		return size, nil
	}
	return Size{}, fmt.Errorf("there is no supernet %q: choose one of %s", name, strings.Join(names, ", "))
}

// StandardSize returns the number of weights that papers report for a cell: that of its network
// with 20 cells and 36 channels, without the auxiliary tower. It returns an error if the images are
// too small.
func StandardSize(g cell.Genotype, d run.Data) (weights int, err error) {
	size, err := NetworkSize("", g, Shape{Cells: 20, Channels: 36, Classes: len(d.Classes), ImageChannels: d.Channels, ImageSide: d.Side}, false)
	return size.Weights, err
}
