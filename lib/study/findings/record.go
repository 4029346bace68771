package findings

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/run"
)

// sums is the name of the file of checksums of a recorded study, in the format of sha256sum.
const sums = "SHA256SUMS"

// digits is the number of significant digits that a recorded number keeps.
const digits = 5

// Record writes the present results of a study into the directory out. The record is small enough
// to be kept with the program, and [Open] reads it like a study. It has no checkpoints, figures and
// pages. Of each ended run it keeps settings, checksums of the data, genotype, result, test, and
// the events of its epochs, with numbers to five digits. It leaves out paths of this machine.
// Record returns an error if a run is damaged, or if out holds other files than an older record of
// the same study.
func (s *Directory) Record(out string) error {
	if there, err := Open(out); err == nil && there.Config.Hash != s.Config.Hash {
		return fmt.Errorf("%s holds a record of another study, %s-%s: choose another directory", out, there.Config.Name, there.Config.Hash)
	} else if entries, empty := os.ReadDir(out); err != nil && empty == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty and not a record of a study: choose another directory", out)
	}
	r, err := s.Results()
	if err != nil {
		return err
	}
	out = filepath.Clean(out)
	if err := atomicfile.MkdirAll(filepath.Dir(out)); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(out), ".record")
	if err != nil {
		return atomicfile.Explain(err, filepath.Dir(out))
	}
	defer os.RemoveAll(fresh)
	record := &Directory{Dir: filepath.Join(fresh, "new"), Config: s.Config}
	record.Config.Command = nil
	r.Config = record.Config
	for _, t := range r.Trials {
		if err := s.recordTrial(record, t); err != nil {
			return err
		}
	}
	if err := record.Write("study.json", record.Config); err != nil {
		return err
	}
	// Readers take the trials from the runs, and from this file the numbers of weights, which they
	// can't count without a backend.
	if err := record.Write("results.json", r); err != nil {
		return err
	}
	if err := record.sign(); err != nil {
		return err
	}
	if err := os.Rename(out, filepath.Join(fresh, "old")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return atomicfile.Explain(err, out)
	}
	return atomicfile.Explain(os.Rename(record.Dir, out), out)
}

// recordTrial writes the ended runs of a trial.
func (s *Directory) recordTrial(record *Directory, t Trial) error {
	search := Job{Configuration: t.Configuration.Name, Seed: t.Seed, Step: StepSearch}
	jobs := []Job{search}
	for _, dataset := range s.Config.Datasets() {
		jobs = append(jobs, Job{Configuration: t.Configuration.Name, Seed: t.Seed, Step: StepTrain, Dataset: dataset})
	}
	for _, j := range jobs {
		done, err := s.Done(j)
		if err != nil {
			return err
		}
		if !done {
			continue
		}
		if j.Draws() {
			raw, err := os.ReadFile(s.Drawn(j))
			if err != nil {
				return atomicfile.Explain(err, s.Drawn(j))
			}
			if err := atomicfile.WriteBytes(record.Drawn(j), raw); err != nil {
				return err
			}
			continue
		}
		r, err := s.JobRun(j)
		if err != nil {
			return err
		}
		if err := recordRun(r, record.JobDir(j)); err != nil {
			return err
		}
	}
	return nil
}

// recordRun writes the small files of an ended run into a directory.
func recordRun(r *run.Run, out string) error {
	events, err := r.Events()
	if err != nil {
		return err
	}
	var text bytes.Buffer
	for _, e := range events {
		if e.Kind != event.EndOfEpoch {
			continue
		}
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if line, err = rounded(line); err != nil {
			return fmt.Errorf("%s: %w", r.Path("events.jsonl"), err)
		}
		text.Write(append(line, '\n'))
	}
	if err := atomicfile.MkdirAll(out); err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(filepath.Join(out, "events.jsonl"), text.Bytes()); err != nil {
		return err
	}
	config := r.Config
	config.Command, config.Backend.Plugin, config.Memory = nil, "", nil
	if config.Cells != "" && filepath.IsAbs(config.Cells) {
		config.Cells = ""
	}
	g, err := r.Genotype()
	if err != nil {
		return err
	}
	result, err := r.Result()
	if err != nil {
		return err
	}
	result.Memory = 0 // depends on the process and is no result
	small := map[string]any{"config.json": config, "genotype.json": g, "result.json": result}
	test, err := r.Test()
	if err != nil {
		return err
	}
	if test != nil {
		test.Samples = nil
		small["test.json"] = test
	}
	for name, value := range small {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if err := atomicfile.WriteBytes(filepath.Join(out, name), append(text, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// rounded rewrites a JSON text and rounds its fractional numbers to fewer digits.
func rounded(text []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	return json.Marshal(round(value))
}

func round(value any) any {
	switch v := value.(type) {
	case json.Number:
		x, err := v.Float64()
		if err != nil || !strings.ContainsAny(string(v), ".eE") {
			return v
		}
		return json.Number(strconv.FormatFloat(x, 'g', digits, 64))
	case []any:
		for i := range v {
			v[i] = round(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = round(v[name])
		}
	}
	return value
}

// files lists the files of a record in order, without the file of checksums.
func (s *Directory) files() (names []string, err error) {
	err = filepath.WalkDir(s.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(s.Dir, path)
		if name != sums {
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	slices.Sort(names)
	return names, err
}

// sign writes the checksums of all files.
func (s *Directory) sign() error {
	names, err := s.files()
	if err != nil {
		return err
	}
	var text bytes.Buffer
	for _, name := range names {
		sum, err := s.sum(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%s  %s\n", sum, name)
	}
	return atomicfile.WriteBytes(s.Path(sums), text.Bytes())
}

func (s *Directory) sum(name string) (string, error) {
	path := s.Path(filepath.FromSlash(name))
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", atomicfile.Explain(err, path)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// Verify compares a recorded study with its checksums. It returns an error that names the first
// file that is missing, differs, or has no checksum.
func (s *Directory) Verify() error {
	raw, err := os.ReadFile(s.Path(sums))
	if err != nil {
		return fmt.Errorf("%s is not a recorded study: %w", s.Dir, atomicfile.Explain(err, s.Path(sums)))
	}
	want := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok || !filepath.IsLocal(name) {
			return fmt.Errorf("%s is damaged: record the study again", s.Path(sums))
		}
		want[name] = sum
	}
	names, err := s.files()
	if err != nil {
		return err
	}
	for _, name := range names {
		sum, err := s.sum(name)
		if err != nil {
			return err
		}
		if want[name] != sum {
			return fmt.Errorf("%s is not the file that was recorded: its checksum differs", s.Path(name))
		}
		delete(want, name)
	}
	for name := range want {
		return fmt.Errorf("%s is missing", s.Path(name))
	}
	return nil
}
