package stage

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
)

// origin is the pretraining at the beginning of a training.
type origin struct {
	run.Origin
	run    *run.Run
	chosen settings.Pretrain
	state  fit.State
}

// openOrigin opens a finished pretraining for the named flag.
func openOrigin(dir, flag string) (o origin, err error) {
	if o.run, err = run.Open(dir); err != nil {
		return o, err
	}
	c := o.run.Config
	if !pretrainStage().made(o.run) {
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
		return o, fmt.Errorf("the pretraining in %s has not ended; go on with: %s", dir, run.Command(pretrainStage().Name, "--run", dir))
	}
	if o.state, err = fit.LoadState(checkpoints(o.run).Last()); err != nil {
		return o, fmt.Errorf("the network of %s can't be read: %w", dir, err)
	}
	o.Origin = run.Origin{Run: dir, Checksum: weightsChecksum(o.state)}
	return o, nil
}

// weightsChecksum is the SHA-256 of a network's names, weights and running statistics, independent
// of other parts of the checkpoint.
func weightsChecksum(s fit.State) string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(s.Arrays)) {
		if strings.HasPrefix(name, "weights/") || strings.HasPrefix(name, "running/") {
			fmt.Fprintf(sum, "%s %d\n", name, len(s.Arrays[name].F32))
			binary.Write(sum, binary.LittleEndian, s.Arrays[name].F32) // a hash accepts everything
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// choose gives the settings of a training the pretraining's network.
func (o origin) choose(c *settings.Choice[settings.Train]) (*settings.Choice[settings.Train], error) {
	fixed := *c
	for name, value := range map[string]int{"cells": o.chosen.Cells, "channels": o.chosen.Channels} {
		if err := fixed.Fix(name, value); err != nil {
			return nil, fmt.Errorf("%w, as the pretraining in %s has it", err, o.Run)
		}
	}
	return &fixed, nil
}

// weights returns the initial weights of a training. A training with a checkpoint no longer needs
// them, and the pretraining may have been removed.
func weightsOf(r *run.Run) (*fit.State, error) {
	from := r.Config.From
	if from == nil {
		return nil, nil
	}
	if state, _, err := checkpoints(r).Load(); err != nil || state != nil {
		return nil, err
	}
	o, err := openOrigin(from.Run, "--from")
	if err == nil && o.Checksum != from.Checksum {
		err = fmt.Errorf("the weights of %s are not those that this run was to begin with: begin another run", from.Run)
	}
	return &o.state, err
}
