package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/internal/whole"
	"github.com/gofrs/flock"
)

// Run is the directory of a run.
//
//	config.json     Config
//	events.jsonl    Events, one a line
//	checkpoint/     see fit.Store
//	genotype.json   of a search what was found, of a training what is trained; genotype.py the same as Python text
//	result.json     Result; there when the run has ended
//	test.json       Test; there when a training was tested
//	views.json      Views, examples; there when the run compares two views
//	probe.json      Probe; there when features were probed
//	finetune.json   Finetuned; there when a pretraining was compared with training from scratch
//	figures/        pictures
//	report.html     all of this to look at
//	lock            held by the process that works in the directory
type Run struct {
	Dir    string
	Config Config
	lock   *flock.Flock
	fresh  bool // it was begun by this process
}

// Root is where runs go: $ESSNAS_RUNS, or "runs" in the working directory.
func Root() string {
	if dir := os.Getenv("ESSNAS_RUNS"); dir != "" {
		return dir
	}
	return "runs"
}

// Open opens a run to read.
func Open(dir string) (*Run, error) {
	r := &Run{Dir: dir}
	found, err := r.Read("config.json", &r.Config)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("%s is not a run: it has no config.json; give the directory that essnas search or essnas train has named", dir)
	}
	return r, nil
}

// Begin opens the directory of the run that c describes, to work in: dir, or if that is "" one under root that is named by c. It makes
// what isn't there. The run must be closed.
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
			return nil, fmt.Errorf("%s is not empty and not a run: choose another directory", dir)
		}
	}
	if err := whole.MkdirAll(dir); err != nil {
		return nil, err
	}
	r := &Run{Dir: dir}
	if err := r.Take(); err != nil {
		return nil, err
	}
	found, err := r.Read("config.json", &r.Config)
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

// foreign says whether a directory without config.json holds what is not from the beginning of a run that was killed.
func foreign(entries []os.DirEntry) bool {
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() != "lock" && !temporary(e.Name()) })
}

// temporary says whether a file is one of a run's that was being written: whole.Write puts a dot before its name and a number behind it.
func temporary(name string) bool { return temporaryName.MatchString(name) }

var temporaryName = regexp.MustCompile(`^\.((config|result|test|genotype|views|probe|finetune)\.json|genotype\.py|report\.html|(next|best)\.safetensors|[a-z-]+\.(svg|png|txt))[0-9]+$`)

// sweep removes what killed processes were writing.
func (r *Run) sweep() {
	for _, dir := range []string{r.Dir, r.Checkpoints(), r.Path("figures")} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // it isn't there
		}
		for _, e := range entries {
			if temporary(e.Name()) && e.Type().IsRegular() {
				os.Remove(filepath.Join(dir, e.Name())) // what can't be removed does no harm
			}
		}
	}
}

// Take takes the lock that keeps two processes out of one run. It returns an error where another process has it.
func (r *Run) Take() error {
	path := r.Path("lock")
	lock := flock.New(path)
	ok, err := lock.TryLock()
	if err != nil {
		return whole.Explain(err, path)
	}
	if !ok {
		return fmt.Errorf("another process is at work in %s: wait for it, stop it, or choose another directory", r.Dir)
	}
	r.lock = lock
	r.sweep()
	return nil
}

// Forget removes a run that was begun just now and is refused, so that other settings may have its directory.
func (r *Run) Forget() {
	if !r.fresh {
		return
	}
	for _, name := range []string{"config.json", "genotype.json", "genotype.py", "lock"} {
		os.Remove(r.Path(name)) // what can't be removed does no harm
	}
	os.Remove(r.Dir) // unless something else is in it
}

// Close lets other processes in.
func (r *Run) Close() {
	if r.lock != nil {
		r.lock.Close()
		r.lock = nil
	}
}

// Path is that of a file of the run.
func (r *Run) Path(name ...string) string {
	return filepath.Join(append([]string{r.Dir}, name...)...)
}

// Checkpoints is the directory of the run's checkpoints, a fit.Store.
func (r *Run) Checkpoints() string { return r.Path("checkpoint") }

// Write writes a value as a JSON file of the run, as a whole or not at all.
func (r *Run) Write(name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return whole.WriteBytes(r.Path(name), append(text, '\n'))
}

// Read reads what Write wrote; found is false if it was never written. It returns an error where the file is damaged.
func (r *Run) Read(name string, value any) (found bool, err error) {
	raw, err := os.ReadFile(r.Path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, whole.Explain(err, r.Path(name))
	}
	if err := json.Unmarshal(raw, value); err != nil {
		return false, fmt.Errorf("%s is damaged (%w): delete it, or the whole run", r.Path(name), err)
	}
	return true, nil
}

// Result is what the run ended with; nil when it hasn't.
func (r *Run) Result() (*Result, error) {
	var result Result
	found, err := r.Read("result.json", &result)
	if !found {
		return nil, err
	}
	return &result, nil
}

// Test is the result of the test; nil when there was none.
func (r *Run) Test() (*Test, error) {
	var test Test
	found, err := r.Read("test.json", &test)
	if !found {
		return nil, err
	}
	return &test, nil
}

// Probe is the result of the probe; nil when there was none.
func (r *Run) Probe() (*Probe, error) {
	var p Probe
	found, err := r.Read("probe.json", &p)
	if !found {
		return nil, err
	}
	return &p, nil
}

// Finetuned is the result of the comparison with trainings from scratch; nil when there was none.
func (r *Run) Finetuned() (*Finetuned, error) {
	var f Finetuned
	found, err := r.Read("finetune.json", &f)
	if !found {
		return nil, err
	}
	return &f, nil
}

// Views are examples of the two views; none when the run compares none.
func (r *Run) Views() (all []Views, err error) {
	_, err = r.Read("views.json", &all)
	return all, err
}

// Genotype is the cell that a search has found or a training trains.
func (r *Run) Genotype() (cell.Genotype, error) {
	var g cell.Genotype
	found, err := r.Read("genotype.json", &g)
	if err == nil && !found {
		err = fmt.Errorf("%s has no genotype yet: the search has not ended; go on with: %s", r.Dir, Command(r.Config.Stage, "--run", r.Dir))
	}
	if err == nil {
		err = g.Validate()
	}
	return g, err
}

// WriteGenotype writes genotype.json and genotype.py.
func (r *Run) WriteGenotype(g cell.Genotype) error {
	if err := whole.WriteBytes(r.Path("genotype.py"), []byte(g.Python()+"\n")); err != nil {
		return err
	}
	return r.Write("genotype.json", g)
}
