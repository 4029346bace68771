package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/pipeline"
	"github.com/essnas/essnas/lib/stage"
	"github.com/essnas/essnas/lib/study"
	"github.com/essnas/essnas/lib/study/findings"
	"github.com/gofrs/flock"
	"github.com/janpfeifer/must"
)

// tinyStudy writes settings with which a study takes seconds, and returns the command.
func tinyStudy(dir string) []string {
	must.M(os.WriteFile(filepath.Join(dir, "search.json"), []byte(`{"channels": 8, "batch": 8, "images": 32, "epochs": 2, "frozen_epochs": 1, "states": 2}`), 0o644))
	must.M(os.WriteFile(filepath.Join(dir, "train.json"), []byte(`{"channels": 4, "batch": 8, "images": 64, "epochs": 2}`), 0o644))
	return []string{"study", "--only", "stage1,random", "--seeds", "2", "--search-settings", "search.json", "--train-settings", "train.json", "--quiet"}
}

// tableOf is results.csv of tinyStudy without the columns of measured times.
func tableOf(t *testing.T, dir string) string {
	t.Helper()
	table, trials := untimed(dir)
	if trials != 4 {
		t.Fatalf("%s: %d trials, want 4", dir, trials)
	}
	return table
}

// untimed is results.csv without the columns of measured times, and the number of its trials.
func untimed(dir string) (text string, trials int) {
	f := must.M1(os.Open(filepath.Join(dir, "results.csv")))
	defer f.Close()
	rows := must.M1(csv.NewReader(f).ReadAll())
	var timed []int
	for i, name := range rows[0] {
		if strings.Contains(name, "seconds") {
			timed = append(timed, i)
		}
	}
	if len(timed) != 2 {
		panic(fmt.Sprintf("%s: %d columns of times, want 2", dir, len(timed)))
	}
	var table strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			if !slices.Contains(timed, i) {
				table.WriteString(cell + "\t")
			}
		}
		table.WriteString("\n")
	}
	return table.String(), len(rows) - 1
}

// The subtests share one study that nothing has disturbed.
func TestAStudyComesToTheSameTable(t *testing.T) {
	dir := t.TempDir()
	command := tinyStudy(dir)
	finish := func(t *testing.T, name string, more ...string) string {
		t.Helper()
		if out, err := typed(t, dir, append(append(command, "--run", name), more...)...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		return tableOf(t, filepath.Join(dir, name))
	}
	start := time.Now()
	want := finish(t, "whole")
	took := time.Since(start)
	t.Run("given again, at once", func(t *testing.T) {
		if again := time.Now(); finish(t, "whole") != want || time.Since(again) > took/2 {
			t.Error("a study that has ended is made again")
		}
	})
	t.Run("however often it is killed", func(t *testing.T) {
		for range 3 {
			c := typed(t, dir, append(command, "--run", "killed")...)
			must.M(c.Start())
			time.Sleep(time.Duration((0.1 + 0.3*rand.Float64()) * float64(took)))
			must.M(c.Process.Kill())
			c.Wait()
		}
		if got := finish(t, "killed"); got != want {
			t.Errorf("after three kills:\n%s\nwant\n%s", got, want)
		}
	})
	t.Run("on two devices", func(t *testing.T) {
		if got := finish(t, "parallel", "--devices", "2"); got != want {
			t.Errorf("on two devices:\n%s\nwant\n%s", got, want)
		}
	})
	t.Run("from jobs that are files, in a moved directory", func(t *testing.T) { fromFiles(t, dir, want, finish) })
}

// fromFiles prepares the jobs of the tiny study in dir, moves its directory, and does them one by
// one.
func fromFiles(t *testing.T, dir, want string, finish func(t *testing.T, name string, more ...string) string) {
	t.Helper()
	s := must.M1(study.New(&pipeline.Pipeline{Env: stage.Env{Data: t.TempDir()}}, study.Options{
		Dir: filepath.Join(dir, "written"), Only: []string{"stage1", "random"}, Seeds: 2,
		Search: filepath.Join(dir, "search.json"), Train: filepath.Join(dir, "train.json"),
	}))
	var jobs []string
	for _, path := range must.M1(s.Prepare()) {
		jobs = append(jobs, must.M1(filepath.Rel(s.Dir, path)))
	}
	if len(jobs) != 8 {
		t.Fatalf("%d jobs, want a search and a training of 2 configurations with 2 seeds", len(jobs))
	}
	must.M(os.Rename(s.Dir, filepath.Join(dir, "moved")))
	// Another process still works on the first job, as on a node that a scheduler has lost sight
	// of.
	first := filepath.Join(dir, "moved", "runs", "stage1", "seed1", "search")
	must.M(os.MkdirAll(first, 0o755))
	other := flock.New(filepath.Join(first, "lock"))
	must.M(other.Lock())
	early := typed(t, dir, "study", "job", filepath.Join("moved", jobs[0]), "--quiet")
	must.M(early.Start())
	time.Sleep(3 * time.Second)
	if _, err := os.Stat(filepath.Join(first, "result.json")); err == nil {
		t.Error("two processes work on one job")
	}
	must.M(other.Unlock())
	if err := early.Wait(); err != nil {
		t.Errorf("the job that waited ends with %v", err)
	}
	training := filepath.Join("moved", jobs[1])
	if out, err := typed(t, dir, "study", "job", training, "--backend", "go", "--quiet").CombinedOutput(); err == nil || !strings.Contains(string(out), "and this is go: go on with --backend") {
		t.Errorf("a job on a node with another backend ends with %v: %s", err, out)
	}
	for _, job := range jobs {
		if out, err := typed(t, dir, "study", "job", filepath.Join("moved", job), "--quiet").CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", job, err, out)
		}
	}
	of := func(name string) string { return must.M1(findings.Open(filepath.Join(dir, name))).Config.Backend }
	if got := of("moved"); got != of("whole") {
		t.Errorf("the study from files is of the backend %q, want %q", got, of("whole"))
	}
	if got := finish(t, "moved"); got != want {
		t.Errorf("from files:\n%s\nwant\n%s", got, want)
	}
}

// A test cluster is announced by SLURM_CONF.
func TestAStudyOnSlurmComesToTheTableOfTheLocalEngine(t *testing.T) {
	if exec.Command("sinfo").Run() != nil {
		t.Skip("no Slurm answers here")
	}
	dir := t.TempDir()
	command := tinyStudy(dir)
	on := func(name string, more ...string) {
		if out, err := typed(t, dir, append(append(command, "--run", name), more...)...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
	}
	on("cluster", "--engine", "slurm")
	report := filepath.Join(dir, "cluster", "report.html")
	for start := time.Now(); ; time.Sleep(time.Second) {
		if _, err := os.Stat(report); err == nil {
			break
		}
		if time.Since(start) > 10*time.Minute {
			out, _ := exec.Command("squeue", "-r").CombinedOutput()
			t.Fatalf("no report after %v: %s", time.Since(start), out)
		}
	}
	on("local")
	if got, want := tableOf(t, filepath.Join(dir, "cluster")), tableOf(t, filepath.Join(dir, "local")); got != want {
		t.Errorf("on Slurm:\n%s\nlocally:\n%s", got, want)
	}
}

func TestPartsOfAStudyMergeAndItsRecordReadsLikeTheStudy(t *testing.T) {
	dir := t.TempDir()
	command := tinyStudy(dir)[:1]
	settings := []string{"--search-settings", "search.json", "--train-settings", "train.json", "--quiet"}
	must := func(args ...string) string {
		t.Helper()
		out, err := typed(t, dir, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
		return string(out)
	}
	fails := func(want string, args ...string) {
		t.Helper()
		if out, err := typed(t, dir, args...).CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: %v: %s, want %q", args, err, out, want)
		}
	}
	part := func(name, only string, more ...string) {
		must(append(append(append(command, "--only", only, "--run", name), settings...), more...)...)
	}
	part("anna", "stage1,random", "--seeds", "1")
	part("ben", "random", "--seeds", "1", "--random-cells", "3")
	must("study", "merge", "anna", "ben")
	rows := strings.Count(string(read(t, dir, "anna", "results.csv")), "\n")
	if rows != 1+1+3 {
		t.Errorf("%d lines after the merge, want a header, stage 1, and three random cells", rows)
	}
	merged := read(t, dir, "anna", "results.csv")
	must("study", "--run", "anna", "--quiet")
	if string(read(t, dir, "anna", "results.csv")) != string(merged) {
		t.Error("a merged study has something left to do")
	}
	must("study", "record", "anna", "--out", "kept/anna")
	must("study", "record", "anna", "--out", "kept/anna") // once more replaces it
	record, err := findings.Open(filepath.Join(dir, "kept", "anna"))
	if err != nil {
		t.Fatal(err)
	}
	if err := record.Verify(); err != nil {
		t.Error(err)
	}
	r, err := record.Results()
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := r.WriteCSV(&table); err != nil || table.String() != string(merged) {
		t.Errorf("the record's table (%v):\n%s\nwant\n%s", err, table.String(), merged)
	}
	if entries, err := os.ReadDir(filepath.Join(dir, "kept")); err != nil || len(entries) != 1 {
		t.Errorf("beside the record lie %v (%v)", entries, err)
	}
	path := filepath.Join(dir, "kept", "anna", "runs", "stage1", "seed1", "search", "events.jsonl")
	if err := os.WriteFile(path, []byte("{}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := record.Verify(); err == nil || !strings.Contains(err.Error(), "events.jsonl") {
		t.Errorf("of a changed file the record says %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "train.json"), []byte(`{"channels": 4, "batch": 8, "images": 64, "epochs": 3}`), 0o644); err != nil {
		t.Fatal(err)
	}
	part("other", "random", "--seeds", "1")
	fails("differ in settings or data", "study", "merge", "anna", "other")
	fails("another study", "study", "record", "other", "--out", "kept/anna")
	fails("not empty and not a record", "study", "record", "anna", "--out", ".")
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
