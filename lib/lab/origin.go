package lab

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/settings"

	"github.com/essnas/essnas/lib/fit"
)

// Origin says which weights a training begins with.
type Origin struct {
	Run      string `json:"run"`      // the directory of the pretraining
	Checksum string `json:"checksum"` // SHA-256 of its weights and running statistics
}

func (o *Origin) String() string {
	if o == nil {
		return "initial weights"
	}
	return "the weights " + o.Checksum[:min(8, len(o.Checksum))] + " of " + o.Run
}

// origin is a pretraining that a training begins with.
type origin struct {
	Origin
	run    *Run
	chosen settings.Pretrain
	state  fit.State
}

// openOrigin opens a pretraining that has ended, for what flag asks for.
func openOrigin(dir, flag string) (o origin, err error) {
	if o.run, err = OpenRun(dir); err != nil {
		return o, err
	}
	c := o.run.Config
	if c.Stage != StagePretrain {
		return o, fmt.Errorf("%s is a %s: %s wants the directory of a pretraining", dir, c.Stage, flag)
	}
	if c.Genotype == nil {
		return o, fmt.Errorf("%s has no genotype: delete the run, or mend the file", o.run.Path("config.json"))
	}
	if o.chosen, err = settingsOf[settings.Pretrain](c); err != nil {
		return o, err
	}
	if result, err := o.run.Result(); err != nil {
		return o, err
	} else if result == nil {
		return o, fmt.Errorf("the pretraining in %s has not ended; go on with: %s", dir, command(StagePretrain, "--run", dir))
	}
	if o.state, err = fit.LoadState(o.run.Store().Last()); err != nil {
		return o, fmt.Errorf("the network of %s can't be read: %w", dir, err)
	}
	o.Origin = Origin{dir, weightsChecksum(o.state)}
	return o, nil
}

// weightsChecksum is the SHA-256 of a network's names, weights and running statistics, whatever else the checkpoint holds.
func weightsChecksum(s fit.State) string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(s.Arrays)) {
		if strings.HasPrefix(name, "weights/") || strings.HasPrefix(name, "running/") {
			fmt.Fprintf(sum, "%s %d\n", name, len(s.Arrays[name].F32))
			binary.Write(sum, binary.LittleEndian, s.Arrays[name].F32) // into a hash, which takes everything
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// choose makes settings of a training those of the same network.
func (o origin) choose(c *settings.Choice[settings.Train]) (*settings.Choice[settings.Train], error) {
	fixed := *c
	for name, value := range map[string]int{"cells": o.chosen.Cells, "channels": o.chosen.Channels} {
		if err := fixed.Fix(name, value); err != nil {
			return nil, fmt.Errorf("%w, as the pretraining in %s has it", err, o.Run)
		}
	}
	return &fixed, nil
}

// weights are those that a training begins with. Once it has a checkpoint they aren't needed any more, and the pretraining may be gone.
func (r *Run) weights() (*fit.State, error) {
	from := r.Config.From
	if from == nil {
		return nil, nil
	}
	if state, _, err := r.Store().Load(); err != nil || state != nil {
		return nil, err
	}
	o, err := openOrigin(from.Run, "--from")
	if err == nil && o.Checksum != from.Checksum {
		err = fmt.Errorf("the weights of %s are not those that this run was to begin with: begin another run", from.Run)
	}
	return &o.state, err
}
