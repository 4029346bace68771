package lab

import (
	"fmt"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/search"
)

// SearchChoice chooses the settings of a search.
//
// slides are those of the slides (batch for a small GPU); paper those of PC-DARTS (arXiv:1907.05737, section 4.2). quick and demo show the same on
// two cores, in minutes and in half a minute; what they find means nothing. Methods change the presets, which are PC-DARTS, to another one.
func SearchChoice() *Choice[search.Settings] {
	slides := search.Settings{
		Cells: 8, Channels: 16, Partial: 4, Batch: 64, Epochs: 40, Frozen: 16, Seed: 1, Devices: 1,
		LR: 0.025, Momentum: 0.9, WeightDecay: 3e-4, Clip: 5, ArchLR: 6e-4, ArchWeightDecay: 1e-3,
		SSScale: 1, Projector: "128", Views: augment.DefaultViews().String(),
	}
	paper := slides
	paper.Batch, paper.Epochs, paper.Frozen, paper.LR = 256, 50, 15, 0.1
	quick := slides
	quick.Cells, quick.Batch, quick.Epochs, quick.Frozen, quick.Images = 5, 32, 6, 2, 2000
	quick.ArchLR = 6e-3 // so that the few steps there are show
	demo := quick
	demo.Cells, demo.Epochs, demo.Frozen, demo.Images = 3, 3, 1, 384
	demo.ArchLR = 3e-2
	return &Choice[search.Settings]{presets: []preset[search.Settings]{
		{"quick", "minutes on two cores", quick},
		{"slides", "as in the slides", slides},
		{"paper", "as in PC-DARTS", paper},
		{"demo", "what essnas demo takes", demo},
	}, methods: []method[search.Settings]{
		{"darts", "all channels go through the operations", func(s *search.Settings, _ string) { s.Partial = 1 }},
		{"pc-darts", "1/4 of the channels do, and edges are normalised", func(s *search.Settings, _ string) { s.Partial = 4 }},
		{"p-darts", "darts in phases, deeper and with fewer operations each time", func(s *search.Settings, preset string) {
			s.Partial = 1
			progressive(s, preset)
		}},
		{"pcp-darts", "pc-darts in such phases", func(s *search.Settings, preset string) {
			s.Partial = 4
			progressive(s, preset)
		}},
	}}
}

// progressive gives a search the phases, their length and the skip limit of P-DARTS (arXiv:1904.12760, section 4.1); short and shallow ones where the
// preset is quick or demo.
func progressive(s *search.Settings, preset string) {
	s.SkipLimit = 2
	if preset == "quick" || preset == "demo" {
		s.Phases, s.Epochs, s.Frozen = "3/8 4/5/0.4 5/3/0.7", 2, 1
		return
	}
	s.Phases, s.Epochs, s.Frozen = "5/8 11/5/0.4 17/3/0.7", 25, 10
}

// StageChoice is the search of one of the slides' stages, 1 to 4: PC-DARTS, the same self-supervised, PCP-DARTS, the same self-supervised.
// selfSupervised says whether an ss_factor above 0 belongs to it.
func StageChoice(stage int) (method string, selfSupervised bool, err error) {
	if stage < 1 || stage > 4 {
		return "", false, fmt.Errorf("there is no stage %d: the slides have 1 (PC-DARTS), 2 (self-supervised), 3 (PCP-DARTS) and 4 (self-supervised)", stage)
	}
	return []string{"pc-darts", "pcp-darts"}[(stage-1)/2], stage%2 == 0, nil
}

// TrainChoice chooses the settings of a training. paper are those of PC-DARTS on CIFAR-10 (arXiv:1907.05737, section 4.2.1); slides differ in batch
// and length, for which the slides name a range and nothing.
func TrainChoice() *Choice[network.Settings] {
	paper := network.Settings{
		Cells: 20, Channels: 36, Auxiliary: 0.4, DropPath: 0.3, Batch: 128, Epochs: 600, Seed: 1, Devices: 1,
		LR: 0.025, Momentum: 0.9, WeightDecay: 3e-4, Clip: 5, Cutout: 16,
	}
	slides := paper
	slides.Batch = 96
	quick := paper
	quick.Cells, quick.Channels, quick.Auxiliary, quick.DropPath, quick.Batch, quick.Epochs, quick.Cutout, quick.Images = 6, 8, 0, 0.1, 32, 6, 0, 4000
	demo := quick
	demo.Cells, demo.DropPath, demo.Epochs, demo.Images, demo.LR = 4, 0, 4, 1600, 0.1
	return &Choice[network.Settings]{presets: []preset[network.Settings]{
		{"quick", "minutes on two cores", quick},
		{"slides", "as in the slides", slides},
		{"paper", "as in PC-DARTS", paper},
		{"demo", "what essnas demo takes", demo},
	}}
}
