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

// origin is a finished run that gives another run its initial weights.
type origin struct {
	run.Origin
	run   *run.Run
	state fit.State // read by load
}

// openOrigin opens a finished run of one of these stages. flag is the flag that names the
// directory, for errors. openOrigin returns an error for other runs and for unfinished ones.
func openOrigin(dir, flag string, stages ...Stage) (o origin, err error) {
	if o.run, err = run.Open(dir); err != nil {
		return o, err
	}
	var nouns []string
	for _, s := range stages {
		nouns = append(nouns, "a "+s.Noun)
	}
	i := slices.IndexFunc(stages, func(s Stage) bool { return s.made(o.run) })
	if i < 0 {
		return o, fmt.Errorf("%s is a %s: %s wants the directory of %s", dir, o.run.Config.Stage, flag, strings.Join(nouns, " or "))
	}
	if o.run.Config.Genotype == nil && stages[i].Runs.body != nil {
		return o, fmt.Errorf("%s has no genotype: delete the run, or repair the file", o.run.Path("config.json"))
	}
	if result, err := o.run.Result(); err != nil {
		return o, err
	} else if result == nil {
		return o, run.Advise(fmt.Sprintf("the %s in %s has not ended; go on with: ", stages[i].Noun, dir), stages[i].Name, "--run", dir)
	}
	o.Run = dir
	return o, nil
}

// load reads the weights of the run. For a training these are the weights of its best epoch, which
// essnas test uses as well. For other runs, and for more epochs of a training (whole), these are
// the last weights.
func (o *origin) load(whole bool) (err error) {
	path := checkpoints(o.run).Last()
	if trainStage().made(o.run) && !whole {
		path = checkpoints(o.run).Best()
	}
	if o.state, err = fit.LoadState(path); err != nil {
		return fmt.Errorf("the network of %s can't be read: %w", o.Run, err)
	}
	o.Checksum, o.Whole = weightsChecksum(o.state), whole
	return nil
}

// weightsChecksum is the SHA-256 of a network's names, weights and running statistics, independent
// of other parts of the checkpoint.
func weightsChecksum(s fit.State) string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(s.Arrays)) {
		if strings.HasPrefix(name, "weights/") || strings.HasPrefix(name, "running/") {
			fmt.Fprintf(sum, "%s %d\n", name, len(s.Arrays[name].F32))
			binary.Write(sum, binary.LittleEndian, s.Arrays[name].F32) // writing to a hash never fails
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// size returns the cells and channels of the origin's network.
func (o origin) size() (cells, channels int, err error) {
	if trainStage().made(o.run) {
		s, err := validSettingsOf[settings.Train](o.run.Config)
		return s.Cells, s.Channels, err
	}
	s, err := validSettingsOf[settings.Pretrain](o.run.Config)
	return s.Cells, s.Channels, err
}

// choose fixes the settings that describe the network to those of the origin. It returns an error
// if the choice has other values.
func (o origin) choose(c *settings.Choice[settings.Train]) (*settings.Choice[settings.Train], error) {
	cells, channels, err := o.size()
	if err != nil {
		return nil, err
	}
	fixed := *c
	if trainStage().made(o.run) {
		s, err := validSettingsOf[settings.Train](o.run.Config)
		if err == nil {
			err = fixed.Fix("stem", s.Stem)
		}
		if err != nil {
			return nil, fmt.Errorf("%w, as in the training in %s", err, o.Run)
		}
	}
	for name, value := range map[string]int{"cells": cells, "channels": channels} {
		if err := fixed.Fix(name, value); err != nil {
			return nil, fmt.Errorf("%w, as in the %s in %s", err, o.noun(), o.Run)
		}
	}
	return &fixed, nil
}

// settings returns the settings of a training that begins with these weights. A training that
// continues another one (whole) takes over the other's settings, except those that the choice
// gives.
func (o origin) settings(c *settings.Choice[settings.Train], whole bool) (s settings.Train, err error) {
	if c, err = o.choose(c); err != nil {
		return s, err
	}
	if !whole {
		return c.Settings()
	}
	if s, err = validSettingsOf[settings.Train](o.run.Config); err != nil {
		return s, err
	}
	return c.Over(s)
}

// begins returns a sentence about the initial weights and the schedule of a training.
func (o origin) begins(s settings.Train) string {
	schedule := fmt.Sprintf("the learning rate begins at %g and falls to 0 along a cosine over %d epochs", s.LR, s.Epochs)
	switch {
	case o.Whole:
		return fmt.Sprintf("this training begins with the last weights of %s, classifier included; %s", o.Run, schedule)
	case trainStage().made(o.run):
		return fmt.Sprintf("this training begins with the best weights of %s and a new classifier; %s", o.Run, schedule)
	}
	return fmt.Sprintf("this training begins with the weights of %s and a new classifier; %s", o.Run, schedule)
}

func (o origin) noun() string {
	s, err := of(o.run)
	if err != nil {
		return "run"
	}
	return s.Noun
}

// weightsOf returns the initial weights of a run, or nil if it needs none: a run with a checkpoint
// continues even if the run of its initial weights was removed. It returns an error if the weights
// can't be read or have changed.
func weightsOf(r *run.Run) (*fit.State, error) {
	from := r.Config.From
	if from == nil {
		return nil, nil
	}
	if state, _, err := checkpoints(r).Load(); err != nil || state != nil {
		return nil, err
	}
	o, err := openOrigin(from.Run, "--from", pretrainStage(), trainStage(), searchStage())
	if err == nil {
		err = o.load(from.Whole)
	}
	if err == nil && o.Checksum != from.Checksum {
		err = fmt.Errorf("the weights of %s have changed since this run was requested: begin another run", from.Run)
	}
	return &o.state, err
}

// beginner is a task that can begin with the weights of another run.
type beginner interface {
	task
	Begin(from fit.State, whole bool) error
}

// begin gives a task its initial weights, if they come from another run, and returns the task. It
// closes the task if it returns an error.
func begin(t beginner, weights *fit.State, from *run.Origin) (task, error) {
	if weights == nil {
		return t, nil
	}
	if err := t.Begin(*weights, from.Whole); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}
