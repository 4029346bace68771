package settings

import (
	"strings"

	"github.com/essnas/essnas/lib/augment/distort"
	"github.com/essnas/essnas/lib/cell"
)

// SearchChoice returns the choice of a search's settings.
//
// The preset slides has the settings of the slides, with a batch for a small GPU. The preset paper
// has those of the method's publication. quick and demo show a search on two cores in minutes and
// in half a minute; their results have no meaning. course is the smallest scale at which a search
// learns: it answers the questions of the slides with several seeds of a method in an hour of two
// cores. The presets are for PC-DARTS; methods change them.
func SearchChoice() *Choice[Search] {
	slides := Search{
		Shared: Shared{
			Cells: 8, Channels: 16, Batch: 64, Epochs: 40, Seed: 1, Devices: 1, Precision: "float32",
			LR: 0.025, Momentum: 0.9, WeightDecay: 3e-4,
		},
		Partial: 4, Frozen: 16, Clip: 5, Operations: strings.Join(cell.Primitives, ","), States: cell.States, ArchLR: 6e-4, ArchWeightDecay: 1e-3,
		Mixed: Mixed{SSScale: 1}, Twins: Twins{Projector: "128", Views: distort.Default().String()},
	}
	paper := slides
	paper.Batch, paper.Epochs, paper.Frozen, paper.LR = 256, 50, 15, 0.1
	quick := slides
	quick.Cells, quick.Batch, quick.Epochs, quick.Frozen, quick.Images = 5, 32, 6, 2, 2000
	quick.ArchLR = 6e-3 // makes the effect of few steps visible
	demo := quick
	demo.Cells, demo.Epochs, demo.Frozen, demo.Images = 3, 3, 1, 384
	demo.ArchLR = 3e-2
	study := demo
	study.Batch, study.Epochs, study.Images = 16, 2, 128
	course := slides
	course.Cells, course.Channels, course.Epochs, course.Frozen, course.Images = 5, 8, 6, 2, 3840
	course.LR, course.ArchLR = 0.05, 1e-2 // the alphas make 120 steps; those of the slides 9,400
	return &Choice[Search]{presets: []preset[Search]{
		{"quick", "minutes on two cores", quick},
		{"course", "two minutes on two cores, four with Barlow Twins, a search that has learned", course},
		{"slides", "as in the slides", slides},
		{"paper", "as in PC-DARTS", paper},
		{"demo", "the settings of essnas demo", demo},
		{"study", "the settings of a quick essnas study", study},
	}, methods: []method[Search]{
		{"darts", "all channels go through the operations", darts},
		{"pc-darts", "1/4 of the channels go through the operations, and edges are normalised", func(s *Search, _ string) { s.Partial = 4 }},
		{"p-darts", "darts in phases, deeper and with fewer operations each time", pdarts},
		{"pcp-darts", "pc-darts in the phases of p-darts", func(s *Search, preset string) { s.Partial = 4; progressive(s, preset) }},
	}}
}

// darts changes settings to those of DARTS in first order. The preset paper follows
// arXiv:1806.09055, section 3.1. The slides don't give the settings of their DARTS search: the
// preset slides takes those of their PC-DARTS.
func darts(s *Search, preset string) {
	s.Partial = 1
	if preset == "paper" {
		s.Batch, s.Epochs, s.Frozen = 64, 50, 0
		s.LR, s.LRMin, s.ArchLR, s.ArchWeightDecay = 0.025, 0.001, 3e-4, 1e-3
	}
}

// pdarts changes settings to those of P-DARTS, arXiv:1904.12760, section 4.1.
func pdarts(s *Search, preset string) {
	s.Partial = 1
	progressive(s, preset)
	if preset == "paper" {
		s.Batch, s.LR, s.LRMin, s.ArchLR, s.ArchWeightDecay = 96, 0.025, 0, 6e-4, 1e-3
		s.ArchClip = 5 // the code of P-DARTS clips the gradients of alphas and weights alike
	}
}

// progressive gives a search the phases, their length and the skip limit of P-DARTS. Small presets
// get short and shallow phases. The dropout of skip connections is that of the paper's text (0,
// 0.4, 0.7); the command for CIFAR-10 in its repository starts at 0.1. The slides name 40 epochs a
// phase and alphas that move from the 10th to the 25th epoch, and nothing that happens after the
// 25th: the preset therefore has the 25 epochs of P-DARTS' code. No paper has PCP-DARTS: it takes
// the phases from P-DARTS and all other settings from PC-DARTS.
func progressive(s *Search, preset string) {
	s.SkipLimit = 2
	s.Cells, s.Phases, s.Epochs, s.Frozen = 5, "5/8 11/5/0.4 17/3/0.7", 25, 10
	switch preset {
	case "slides", "paper":
	case "course":
		s.Cells, s.Phases, s.Epochs, s.Frozen = 5, "5/8 6/5/0.4 8/3/0.7", 3, 1
	default:
		s.Cells, s.Phases, s.Epochs, s.Frozen = 3, "3/8 4/5/0.4 5/3/0.7", 2, 1
	}
}

// TrainChoice returns the choice of a training's settings. The presets paper and slides have the
// settings of PC-DARTS' code on CIFAR-10, which lie within the ranges of the slides. The code has
// batch 96; the paper's text (arXiv:1907.05737, section 4.2.1) has 128. Another method changes them
// to its own settings.
func TrainChoice() *Choice[Train] {
	paper := Train{
		Shared: Shared{
			Cells: 20, Channels: 36, Batch: 96, Epochs: 600, Seed: 1, Devices: 1, Precision: "float32",
			LR: 0.025, Momentum: 0.9, WeightDecay: 3e-4,
		},
		Auxiliary: 0.4, DropPath: 0.3, Labels: 1, Clip: 5, Cutout: 16, Stem: Stems()[0], ClassWeights: ClassWeights()[0],
		Adversarial: Adversarial{Adversarial: "none", Eps: "8/255", AttackSteps: 7},
	}
	quick := paper
	quick.Cells, quick.Channels, quick.Auxiliary, quick.DropPath, quick.Batch, quick.Epochs, quick.Cutout, quick.Images = 6, 8, 0, 0.1, 32, 6, 0, 4000
	demo := quick
	demo.Cells, demo.DropPath, demo.Epochs, demo.Images, demo.LR = 4, 0, 4, 1600, 0.1
	study := demo
	study.Cells, study.Epochs, study.Images = 3, 2, 800
	course := quick
	course.Batch, course.Epochs, course.Images, course.DropPath, course.LR = 64, 5, 10000, 0, 0.1
	return &Choice[Train]{presets: []preset[Train]{
		{"quick", "minutes on two cores", quick},
		{"course", "three minutes on two cores, a network that has learned", course},
		{"slides", "as in the slides", paper},
		{"paper", "as in PC-DARTS", paper},
		{"demo", "the settings of essnas demo", demo},
		{"study", "the settings of a quick essnas study", study},
	}, methods: []method[Train]{
		{"pc-darts", "drop path 0.3, batch 96", func(*Train, string) {}},
		{"darts", "drop path 0.2", func(s *Train, preset string) {
			if preset == "paper" {
				s.DropPath = 0.2 // arXiv:1806.09055, appendix A.1.2
			}
		}},
		{"p-darts", "batch 128", func(s *Train, preset string) {
			if preset == "paper" {
				s.Batch = 128 // arXiv:1904.12760, section 4.1.2
			}
		}},
	}}
}

// PretrainChoice returns the choice of a pretraining's settings. The preset paper has the settings
// of Barlow Twins' code on ImageNet (arXiv:2103.03230; the paper's text, section 2.2, has a weight
// decay of 1.5e-6), and the network of PC-DARTS on CIFAR-10. The preset slides has an embedding and
// a number of epochs for small images.
func PretrainChoice() *Choice[Pretrain] {
	paper := Pretrain{
		Shared: Shared{
			Cells: 20, Channels: 36, Batch: 256, Epochs: 1000, Seed: 1, Devices: 1, Precision: "float32",
			LR: 0.2, Momentum: 0.9, WeightDecay: 1e-6,
		},
		Twins: Twins{Views: distort.Default().String(), Projector: "8192,8192,8192"}, Lambda: Lambda,
		Optimizer: "lars", LRVectors: 0.024, LRBatch: 256, WarmUp: 10, KNNEvery: 10,
	}
	slides := paper
	slides.Cells, slides.Channels, slides.Epochs, slides.Projector, slides.WarmUp, slides.KNNEvery = 8, 16, 50, "512,512,512", 5, 5
	slides.Optimizer, slides.LR, slides.WeightDecay, slides.LRBatch = "adam", 1e-3, 1e-6, 0
	quick := slides
	quick.Cells, quick.Channels, quick.Batch, quick.Epochs, quick.Images, quick.Projector, quick.WarmUp, quick.KNNEvery = 5, 8, 128, 10, 8000, "128", 1, 2
	demo := quick
	demo.Cells, demo.Batch, demo.Epochs, demo.Images, demo.KNNEvery = 3, 64, 3, 1000, 1
	course := quick
	course.Cells, course.Channels, course.Epochs, course.Images, course.KNNEvery = 6, 12, 20, 10000, 5
	return &Choice[Pretrain]{presets: []preset[Pretrain]{
		{"quick", "minutes on two cores", quick},
		{"course", "a quarter of an hour on two cores", course},
		{"slides", "a small network, 50 epochs", slides},
		{"paper", "as in Barlow Twins", paper},
		{"demo", "under a minute, for a first look", demo},
	}}
}
