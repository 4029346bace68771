package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/internal/lease"
)

// Run is the directory of a run.
//
//	config.json        Config
//	events.jsonl       Events, one a line
//	checkpoint/        see fit.Store
//	genotype.json      the cell that a search has found, or that a training trains
//	genotype.py        the same cell as Python text
//	result.json        Result, once the run has ended
//	test.json          Test, of a tested training
//	views.json         Views, examples of a run that compares two views
//	probe.json         Probe, of probed features
//	finetune.json      Finetuned, of a pretraining compared with training from scratch
//	attack.json        a list of Attacked, of an attacked training
//	calibration.json   Calibrated, of a calibrated training
//	corruptions.json   Corrupted, of a training tested on corrupted images
//	*-progress.json    the state of an attack or of a test on corrupted images that has not ended
//	figures/           pictures
//	report.html        a page that shows all of this
//	lock, lease.json   held by the process that works in the directory, see package lease
type Run struct {
	Dir    string
	Config Config
	lease  *lease.Lease
	fresh  bool // this process has begun the run
}

// Root returns the directory of runs: $ESSNAS_RUNS, or "runs" in the working directory.
func Root() string {
	if dir := os.Getenv("ESSNAS_RUNS"); dir != "" {
		return dir
	}
	return "runs"
}

// Open opens a run for reading. It returns an error if the directory is no run or its config.json
// is damaged.
func Open(dir string) (*Run, error) {
	r := &Run{Dir: dir}
	found, err := r.readConfig()
	if err != nil {
		return nil, err
	}
	if !found && Begun(dir) {
		return nil, r.lacks()
	}
	if !found {
		return nil, fmt.Errorf("%s is not a run: it has no config.json; give the directory that essnas search or essnas train has named", dir)
	}
	return r, nil
}

// Begin opens the directory of the run that c describes, for work in it. The directory is dir, or,
// if dir is "", a directory under root whose name follows from c. Begin creates missing
// directories. The caller closes the run. Begin returns an error if the directory holds another run
// or foreign files, if another process works in it, or if it can't be written.
func Begin(root, dir string, c Config) (*Run, error) {
	c.Hash = c.hash()
	if dir == "" {
		dir = filepath.Join(root, c.Name+"-"+c.Hash)
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s is a file: --run wants the name of a directory", dir)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, "config.json")); errors.Is(err, fs.ErrNotExist) && foreign(entries) {
			if r := (&Run{Dir: dir}); Begun(dir) {
				return nil, r.lacks()
			}
			return nil, fmt.Errorf("%s is not empty and not a run: choose another directory", dir)
		}
	}
	if err := atomicfile.MkdirAll(dir); err != nil {
		return nil, err
	}
	r := &Run{Dir: dir}
	if err := r.Take(); err != nil {
		return nil, err
	}
	found, err := r.readConfig()
	if err == nil && found {
		err = r.Config.against(c, dir)
	} else if err == nil {
		c.Started = time.Now().UTC().Format(time.RFC3339)
		r.Config, r.fresh = c, true
		err = r.Write("config.json", c)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Begun reports whether a directory has files that only runs have. If such a directory lacks
// config.json, Open returns an error that names the missing file.
func Begun(dir string) bool {
	for _, name := range []string{"events.jsonl", "checkpoint", "result.json"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// lacks returns the error for the directory of a run without config.json.
func (r *Run) lacks() error {
	return fmt.Errorf("%s is missing, but other files of a run exist: put the file back from a copy, or delete the directory and make the run again", r.Path("config.json"))
}

// foreign reports whether a directory without config.json has files that no process leaves when it
// is killed while it begins a run.
func foreign(entries []os.DirEntry) bool {
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		return e.Name() != lease.LockName && e.Name() != lease.LeaseName && !temporary(e.Name())
	})
}

// temporary reports whether a name is that of an unfinished file of a run.
func temporary(name string) bool {
	of, ok := atomicfile.Temporary(name)
	return ok && slices.Contains([]string{".json", ".jsonl", ".py", ".html", ".csv", ".safetensors", ".svg", ".png", ".txt"}, filepath.Ext(of))
}

// sweep removes the unfinished files of killed processes.
func (r *Run) sweep() {
	for _, dir := range []string{r.Dir, r.Checkpoints(), r.Path("figures")} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // the directory does not exist
		}
		for _, e := range entries {
			if temporary(e.Name()) && e.Type().IsRegular() {
				os.Remove(filepath.Join(dir, e.Name())) // a file that can't be removed does no harm
			}
		}
	}
}

// ErrBusy is the error for a run in which another process works.
var ErrBusy = lease.ErrBusy

// Take takes the lock that excludes other processes from the run. It returns an error if another
// process has it.
func (r *Run) Take() error {
	held, err := lease.Take(r.Dir)
	if err != nil {
		return err
	}
	r.lease = held
	r.sweep()
	return nil
}

// Tidy removes the unfinished files of killed processes from an ended run. It does nothing if
// another process works in the run, or if the directory can't be written.
func (r *Run) Tidy() {
	if _, err := os.Stat(r.Path(lease.LeaseName)); err != nil {
		return
	}
	if r.Take() == nil {
		r.Close()
	}
}

// Forget removes a run that was just begun and then refused, so that other settings can use its
// directory.
func (r *Run) Forget() {
	if !r.fresh {
		return
	}
	for _, name := range []string{"config.json", "genotype.json", "genotype.py", lease.LockName, lease.LeaseName} {
		os.Remove(r.Path(name)) // a file that can't be removed does no harm
	}
	os.Remove(r.Dir) // fails if the directory has other files
}

// Close releases the lock.
func (r *Run) Close() {
	if r.lease != nil {
		r.lease.Close()
		r.lease = nil
	}
}

// Lost returns an error if this process no longer holds the run: its lease was not renewed for a
// minute, and another machine has taken the run over.
func (r *Run) Lost() error {
	if r.lease == nil {
		return nil
	}
	return r.lease.Lost()
}

// Path returns the path of a file of the run.
func (r *Run) Path(name ...string) string {
	return filepath.Join(append([]string{r.Dir}, name...)...)
}

// Checkpoints returns the directory of the run's checkpoints, a fit.Store.
func (r *Run) Checkpoints() string { return r.Path("checkpoint") }

// Write writes a value as a JSON file of the run, completely or not at all. It returns an error if
// the file can't be written or the run is lost.
func (r *Run) Write(name string, value any) error {
	if err := r.Lost(); err != nil {
		return err
	}
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(r.Path(name), append(text, '\n'))
}

// Read reads a file that Write has written; found is false if there is none. It returns an error if
// the file is damaged.
func (r *Run) Read(name string, value any) (found bool, err error) {
	raw, err := os.ReadFile(r.Path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, atomicfile.Explain(err, r.Path(name))
	}
	if err := json.Unmarshal(raw, value); err != nil {
		return false, fmt.Errorf("%s is damaged (%w): delete it, or the whole run", r.Path(name), err)
	}
	return true, nil
}

// Result returns the result of the run, or nil if it has not ended. A damaged file is an error.
func (r *Run) Result() (*Result, error) {
	var result Result
	found, err := r.Read("result.json", &result)
	if !found {
		return nil, err
	}
	return &result, nil
}

// Test returns the result of the test, or nil if there was none. A damaged file is an error.
func (r *Run) Test() (*Test, error) {
	var test Test
	found, err := r.Read("test.json", &test)
	if !found {
		return nil, err
	}
	return &test, nil
}

// Probe returns the result of the probe, or nil if there was none. A damaged file is an error.
func (r *Run) Probe() (*Probe, error) {
	var p Probe
	found, err := r.Read("probe.json", &p)
	if !found {
		return nil, err
	}
	return &p, nil
}

// Finetuned returns the comparison with trainings from scratch, or nil if there was none. A damaged
// file is an error.
func (r *Run) Finetuned() (*Finetuned, error) {
	var f Finetuned
	found, err := r.Read("finetune.json", &f)
	if !found {
		return nil, err
	}
	return &f, nil
}

// Views returns examples of the two views, or none if the run has no views. A damaged file is an
// error.
func (r *Run) Views() (all []Views, err error) {
	_, err = r.Read("views.json", &all)
	return all, err
}

// Genotype returns the cell that a search has found or a training trains. It returns an error if
// the search has not ended or the file is damaged.
func (r *Run) Genotype() (cell.Genotype, error) {
	var g cell.Genotype
	found, err := r.Read("genotype.json", &g)
	if err == nil && !found {
		err = Advise(fmt.Sprintf("%s has no genotype yet: the search has not ended; go on with: ", r.Dir), r.Config.Stage, "--run", r.Dir)
	}
	if err == nil {
		err = g.Validate()
	}
	return g, err
}

// WriteGenotype writes genotype.json and genotype.py. It returns an error if a file can't be
// written.
func (r *Run) WriteGenotype(g cell.Genotype) error {
	if err := atomicfile.WriteBytes(r.Path("genotype.py"), []byte(g.Python()+"\n")); err != nil {
		return err
	}
	return r.Write("genotype.json", g)
}
