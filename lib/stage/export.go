package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/essnas/essnas/lib/export"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/spf13/pflag"
)

// exportStage returns the stage that writes a training's network for other programs.
func exportStage() Stage {
	return Stage{Name: "export", Noun: "export", Command: exportCommand}
}

// exportFormats lists the formats and their default file names.
var exportFormats = [][2]string{{"onnx", "model.onnx"}, {"safetensors", "model.safetensors"}, {"stablehlo", "model.mlir"}}

func exportFormatNames() (names []string) {
	for _, f := range exportFormats {
		names = append(names, f[0])
	}
	return
}

func exportCommand() Command {
	var s Export
	return Command{
		Use: "export RUN", Short: "Write a trained network for other programs",
		Long: `Write the best weights of a training for other programs.

onnx         a network for ONNX Runtime and others: images float32 [batch, channels, side, side] with pixels in 0..1, logits [batch, classes]; any batch
safetensors  the weights, named and ordered as in the PyTorch code of DARTS: NetworkCIFAR(C, classes, layers, False, genotype).load_state_dict
             loads them (go doc ./lib/export shows how)
stablehlo    the text of one program for a fixed batch, with weights, for compilers

The networks of onnx and stablehlo normalise the images by the data set's mean and standard deviation. With --normalised they expect normalised images.
Classes, mean, standard deviation and genotype are in the metadata of onnx and safetensors.`,
		Example: `  essnas export runs/train-cifar10-5e6f7a8b --to onnx
  essnas export runs/train-cifar10-5e6f7a8b --to safetensors --out weights.safetensors
  essnas export runs/train-cifar10-5e6f7a8b --to stablehlo --batch 16`,
		Files: true, Brief: true,
		Flags: func(f *pflag.FlagSet) {
			runFlag(f, &s.Dir, "`DIR` of the training, instead of RUN")
			f.StringVar(&s.To, "to", "", "format: "+strings.Join(exportFormatNames(), ", "))
			choices(f, "to", exportFormatNames())
			f.StringVar(&s.Out, "out", "", "`FILE` to write; default export/model.* in the run")
			f.BoolVar(&s.Normalised, "normalised", false, "expect images that are normalised by mean and standard deviation; no effect on safetensors")
			f.IntVar(&s.Batch, "batch", 1, "images in a batch of the StableHLO program")
		},
		Do: func(ctx context.Context, l *Env, _ *pflag.FlagSet, runs []string) (Answer, error) {
			if len(runs) > 1 || len(runs) == 1 && s.Dir != "" {
				return Answer{}, errors.New("more than one run is named: export one run at a time")
			}
			if len(runs) == 1 {
				s.Dir = runs[0]
			}
			e, err := l.Export(ctx, s)
			if err != nil {
				return Answer{}, err
			}
			return Answer{e, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%s of %s, weights of epoch %d\n\nFile      %s (%s)\n", e.Format, s.Dir, e.Epoch, e.File, humanize.Bytes(uint64(e.Bytes)))
				return err
			}}, nil
		},
	}
}

// Export is the request for the network of a training in a format of other programs.
type Export struct {
	Dir        string // the run of a training
	To         string // onnx, safetensors or stablehlo
	Out        string // the file to write; "" for export/model.* in the run
	Normalised bool   // the network expects normalised images
	Batch      int    // batch of StableHLO; 0: 1
}

// Export writes the best weights of a training. It returns an error for an unknown format, for a
// run that has no trained network, and for a file that can't be written.
func (l *Env) Export(ctx context.Context, s Export) (e run.Exported, err error) {
	at := slices.IndexFunc(exportFormats, func(f [2]string) bool { return f[0] == s.To })
	if at < 0 {
		return e, fmt.Errorf("to which format? Give --to with one of %s", strings.Join(exportFormatNames(), ", "))
	}
	if s.Batch == 0 {
		s.Batch = 1
	}
	if s.Batch < 1 || s.Batch > 1<<16 {
		return e, fmt.Errorf("--batch is %d: give 1 to %d", s.Batch, 1<<16)
	}
	r, err := openTraining(s.Dir)
	if err != nil {
		return e, err
	}
	e = run.Exported{Format: s.To, File: s.Out}
	if e.File == "" {
		e.File = r.Path("export", exportFormats[at][1])
	}
	var raw []byte
	if err := l.withModel(ctx, r, func(m *model) (err error) {
		e.Epoch = m.epoch
		raw, err = m.exported(r, s)
		return err
	}); err != nil {
		return e, err
	}
	e.Bytes = int64(len(raw))
	return e, atomicfile.WriteBytes(e.File, raw)
}

// exported returns the network in the format of s.
func (m *model) exported(r *run.Run, s Export) ([]byte, error) {
	p := export.Pixels{Channels: m.config.Channels, Side: m.config.Side}
	if !s.Normalised {
		p.Mean, p.Std = m.config.Mean, m.config.Std
	}
	if s.To == "stablehlo" {
		net := *m.Net
		net.Batch = s.Batch
		return export.StableHLO(m.b, &net, m.Params, p)
	}
	layers, err := export.Layers(m.Net, m.Params)
	if err != nil {
		return nil, err
	}
	texts, err := m.texts(r)
	if err != nil {
		return nil, err
	}
	if s.To == "safetensors" {
		return export.Safetensors(layers, texts)
	}
	return export.ONNX(layers, p, texts)
}

// texts returns the metadata of an export, which lets a program build the network and name its
// classes.
func (m *model) texts(r *run.Run) (map[string]string, error) {
	chosen, err := settingsOf[settings.Train](r.Config)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{"genotype": r.Config.Genotype.Python(), "data": m.config.Title}
	for name, value := range map[string]any{
		"C": chosen.Channels, "layers": chosen.Cells, "num_classes": len(m.config.Classes), "classes": m.config.Classes,
		"mean": m.config.Mean, "std": m.config.Std, "epoch": m.epoch,
	} {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		texts[name] = string(text)
	}
	return texts, nil
}
