package findings

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/internal/lease"
)

// Merge copies the ended runs of another study that this one lacks, and thus joins parts of a study
// that several people have computed. added is the number of copied runs. The parts must agree in
// settings and data, in the versions of essnas and of its backend, and in the kind of backend. Runs
// that both have must have equal results. Otherwise Merge changes nothing and returns an error that
// names the difference.
func (s *Directory) Merge(other *Directory) (added int, err error) {
	if err := s.agrees(other); err != nil {
		return 0, err
	}
	var missing []Job
	for _, name := range other.Config.Configurations {
		c, ok := Find(name)
		if !ok {
			return 0, fmt.Errorf("%s has a configuration %q that this version does not know: use the version that wrote it", other.Dir, name)
		}
		for seed := 1; seed <= other.Config.SeedsOf(c); seed++ {
			jobs := []Job{{Configuration: name, Seed: seed, Step: StepSearch}}
			for _, dataset := range other.Config.Datasets() {
				jobs = append(jobs, Job{Configuration: name, Seed: seed, Step: StepTrain, Dataset: dataset})
			}
			for _, j := range jobs {
				there, err := other.Done(j)
				if err != nil {
					return 0, err
				}
				here, err := s.Done(j)
				if err != nil {
					return 0, err
				}
				switch {
				case there && here:
					if err := s.same(other, j); err != nil {
						return 0, err
					}
				case there:
					missing = append(missing, j)
				}
			}
		}
	}
	for _, j := range missing {
		if err := take(other.JobDir(j), s.JobDir(j)); err != nil {
			return added, err
		}
		added++
	}
	all := s.Config.Configurations
	s.Config.Configurations = nil
	for _, c := range Configurations() {
		if slices.Contains(all, c.Name) || slices.Contains(other.Config.Configurations, c.Name) {
			s.Config.Configurations = append(s.Config.Configurations, c.Name)
		}
	}
	s.Config.Seeds = max(s.Config.Seeds, other.Config.Seeds)
	s.Config.RandomCells = max(s.Config.RandomCells, other.Config.RandomCells)
	if err := s.Write("study.json", s.Config); err != nil {
		return added, err
	}
	return added, nil
}

// agrees returns an error if the two studies are not parts of one study.
func (s *Directory) agrees(other *Directory) error {
	a, b := s.Config, other.Config
	switch {
	case a.Hash != b.Hash:
		return fmt.Errorf("%s and %s differ in settings or data (%s-%s and %s-%s): parts of one study have the same name", s.Dir, other.Dir, a.Name, a.Hash, b.Name, b.Hash)
	case a.Backend != b.Backend:
		return fmt.Errorf("%s was computed on %s and %s on %s: their numbers differ in the last digits, so they are two studies", s.Dir, a.Backend, other.Dir, b.Backend)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Versions)) {
		if a.Versions[name] != b.Versions[name] {
			return fmt.Errorf("%s was made with %s %s and %s with %s: use one version for all parts", s.Dir, name, a.Versions[name], other.Dir, b.Versions[name])
		}
	}
	return nil
}

// same returns an error if a job has other cells or another accuracy in the other study.
func (s *Directory) same(other *Directory, j Job) error {
	c, _ := Find(j.Configuration)
	a, _, err := s.trial(c, j.Seed)
	if err != nil {
		return err
	}
	b, _, err := other.trial(c, j.Seed)
	if err != nil {
		return err
	}
	if a.Genotype.Python() != b.Genotype.Python() || a.Tests[j.Dataset].Accuracy != b.Tests[j.Dataset].Accuracy {
		return fmt.Errorf("%s has different results in %s and %s: one of them was not computed with its settings", j, s.Dir, other.Dir)
	}
	return nil
}

// take copies the files of an ended run. It copies config.json last, because a directory with that
// file counts as a run.
func take(from, to string) error {
	var last []string
	err := filepath.WalkDir(from, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil || !e.Type().IsRegular() || name == lease.LockName || name == lease.LeaseName {
			return err
		}
		if name == "config.json" || name == "genotype.json" {
			last = append(last, name)
			return nil
		}
		return copyFile(path, filepath.Join(to, name))
	})
	slices.Sort(last)
	slices.Reverse(last) // genotype.json before config.json
	for _, name := range last {
		if err == nil {
			err = copyFile(filepath.Join(from, name), filepath.Join(to, name))
		}
	}
	return err
}

func copyFile(from, to string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return atomicfile.Explain(err, from)
	}
	if err := atomicfile.MkdirAll(filepath.Dir(to)); err != nil {
		return err
	}
	return atomicfile.WriteBytes(to, raw)
}
