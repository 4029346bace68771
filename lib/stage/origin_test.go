package stage

import (
	"os"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/run"
	"github.com/janpfeifer/must"
)

func TestTheChecksumIsOfWeightsAndRunningStatisticsAlone(t *testing.T) {
	state := func(w, running, velocity float32) fit.State {
		one := func(x float32) fit.Array { return fit.Array{Shape: []int{1}, F32: []float32{x}} }
		return fit.State{Arrays: map[string]fit.Array{"weights/stem": one(w), "running/stem": one(running), "velocity/stem": one(velocity)}}
	}
	base := weightsChecksum(state(1, 2, 3))
	if weightsChecksum(state(1, 2, 4)) != base {
		t.Error("the optimizer's state changes it")
	}
	if weightsChecksum(state(1.5, 2, 3)) == base || weightsChecksum(state(1, 2.5, 3)) == base {
		t.Error("weights or running statistics don't change it")
	}
}

func TestATrainingThatHasACheckpointNeedsThePretrainingNoMore(t *testing.T) {
	r := &run.Run{Dir: t.TempDir(), Config: run.Config{Stage: trainStage().Name, From: &run.Origin{Run: "gone", Checksum: "1"}}}
	if _, err := weightsOf(r); err == nil || !strings.Contains(err.Error(), "gone is not a run") {
		t.Errorf("without checkpoint and pretraining: %v", err)
	}
	must.M(os.MkdirAll(checkpoints(r).Dir, 0o755))
	must.M(checkpoints(r).Save(fit.State{Arrays: map[string]fit.Array{}, Meta: map[string]string{}}))
	if w, err := weightsOf(r); err != nil || w != nil {
		t.Errorf("with a checkpoint: %v, %v", w, err)
	}
}
