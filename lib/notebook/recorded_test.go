package notebook

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestSeedsOfARecordAreThoseWhoseRunsAreThere(t *testing.T) {
	study := t.TempDir()
	t.Setenv("ESSNAS_RECORDED", study)
	for _, name := range []string{"study.json", "runs/stage1/seed2/search/config.json", "runs/stage1/seed10/search/config.json", "runs/stage1/seed10/cifar10/config.json", "runs/random/seed1/search/genotype.json", "runs/random/seed1/cifar10/config.json"} {
		file := filepath.Join(study, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := RecordedSeeds("stage1"); !slices.Equal(got, []int{2, 10}) {
		t.Errorf("searches of stage 1 have the seeds %v", got)
	}
	if got := RecordedSeeds("stage1", Dataset("cifar10")); !slices.Equal(got, []int{10}) {
		t.Errorf("trainings of stage 1 have the seeds %v", got)
	}
	if got := RecordedSeeds("random"); len(got) != 0 {
		t.Errorf("random cells have searches: %v", got)
	}
	if got, want := listed(study, "cifar10"), "random (1), stage1 (10)"; got != want {
		t.Errorf("trainings are %q, want %q", got, want)
	}
	if got, want := listed(study, "search"), "stage1 (2, 10)"; got != want {
		t.Errorf("searches are %q, want %q", got, want)
	}
}
