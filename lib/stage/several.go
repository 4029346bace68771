package stage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/essnas/essnas/lib/run"
)

// This file holds the parts that attack and corrupt share. Both measure the networks of one or more
// finished trainings, store a result in each run, and draw several runs side by side.

// forEach applies work to every run, in order, and returns the results. It returns the first error.
func forEach[T any](dirs []string, work func(dir string) (*T, error)) (all []T, err error) {
	if len(dirs) == 0 {
		return nil, fmt.Errorf("which runs? Name the directories of trainings")
	}
	for _, dir := range dirs {
		one, err := work(dir)
		if err != nil {
			return nil, err
		}
		all = append(all, *one)
	}
	return all, nil
}

// besides returns the file of a figure of several runs: the named one, or else one of that name in
// the first run.
func besides(dirs []string, named, name string) string {
	if named != "" {
		return named
	}
	return filepath.Join(dirs[0], "figures", name)
}

// names returns the names of runs for a figure: the last parts of their paths.
func names(dirs []string) (all []string) {
	for _, d := range dirs {
		all = append(all, filepath.Base(filepath.Clean(d)))
	}
	return all
}

// needEnd returns an error if a training has not ended: test images must not influence it.
func needEnd(r *run.Run) error {
	result, err := r.Result()
	if err == nil && result == nil {
		err = run.Advise(fmt.Sprintf("the training in %s has not ended, and test images must not influence it; go on with: ", r.Dir), "train", "--run", r.Dir)
	}
	return err
}

// finish writes a result into a run, removes the file of its progress, and draws the page anew.
func (l *Env) finish(r *run.Run, file string, result any, progress string) error {
	if err := r.Write(file, result); err != nil {
		return err
	}
	if err := os.Remove(r.Path(progress)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return l.report(r)
}

// stopped returns [Interrupted] in place of an error if the context has ended.
func (l *Env) stopped(ctx context.Context, r *run.Run, err error) error {
	if err != nil && ctx.Err() != nil {
		return Interrupted{Run: r, Command: l.Again()}
	}
	return err
}
