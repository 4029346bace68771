package engine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// cluster answers Slurm's commands in a test.
type cluster struct {
	calls [][]string
	queue []string // lines of squeue, one look each; the last one stays
	fail  string   // the program that fails
}

func (c *cluster) run(command *exec.Cmd) (string, error) {
	c.calls = append(c.calls, command.Args)
	if command.Args[0] == c.fail {
		return "", errors.New("no")
	}
	switch command.Args[0] {
	case "sbatch":
		return fmt.Sprintf("%d;test\n", 100+len(c.calls)), nil
	case "squeue":
		line := c.queue[0]
		if len(c.queue) > 1 {
			c.queue = c.queue[1:]
		}
		return line, nil
	}
	return "", nil
}

// arguments of all calls of a program.
func (c *cluster) arguments(program string) (all []string) {
	for _, call := range c.calls {
		if call[0] == program {
			all = append(all, strings.Join(call[1:], " "))
		}
	}
	return
}

func newSlurm(t *testing.T, c *cluster) *Slurm {
	return &Slurm{
		Dir: t.TempDir(), Name: "study", Poll: time.Millisecond, run: c.run,
		Command: func(j Job) []string { return []string{"/opt/it's/essnas", j.Name} },
		Done:    func(Job) (bool, error) { return true, nil },
	}
}

func TestTasksOfAnArrayWaitForTheTaskOfTheSameIndex(t *testing.T) {
	c := &cluster{}
	s := newSlurm(t, c)
	s.Options = SlurmOptions{Partition: "gpu", Gres: "gpu:1", Limit: 2}
	if err := s.Submit(t.Context(), nine()); err != nil {
		t.Fatal(err)
	}
	calls := c.arguments("sbatch")
	if len(calls) != 3 {
		t.Fatalf("%d arrays, want one of searches and two of trainings: %v", len(calls), calls)
	}
	for i, call := range calls {
		waits := strings.Contains(call, "--dependency=aftercorr:101")
		if waits != (i > 0) || !strings.Contains(call, "--array=0-2%2") || !strings.Contains(call, "--gres=gpu:1 --partition=gpu") {
			t.Errorf("array %d is submitted by %s", i, call)
		}
		script, err := os.ReadFile(filepath.Join(s.Dir, fmt.Sprintf("array%d.sh", i)))
		if err != nil {
			t.Fatal(err)
		}
		for index, name := range []int{i, i + 3, i + 6} { // each training has its search's index
			out, err := (&exec.Cmd{Path: "/bin/sh", Args: []string{"sh", "-c", strings.ReplaceAll(string(script), "exec ", "printf '%s|' ")},
				Env: []string{fmt.Sprintf("SLURM_ARRAY_TASK_ID=%d", index)}}).Output()
			if want := fmt.Sprintf("/opt/it's/essnas|%d|", name); err != nil || string(out) != want {
				t.Errorf("task %d of array %d executes %s (%v), want %s", index, i, out, err, want)
			}
		}
	}
}

func TestAnArrayStaysBelowTheSizeThatClustersAllow(t *testing.T) {
	var jobs []Job
	for i := range 2500 {
		jobs = append(jobs, Job{Name: fmt.Sprint("s", i)}, Job{Name: fmt.Sprint("t", i), After: fmt.Sprint("s", i)})
	}
	groups := ranks(jobs)
	if len(groups) != 3 {
		t.Fatalf("%d groups for 2500 searches", len(groups))
	}
	seen := 0
	for _, group := range groups {
		for index, search := range group[0] {
			if index >= tasksInArray || group[1][index].After != search.Name {
				t.Fatalf("index %d has %v after %v", index, group[1][index], search)
			}
			seen++
		}
	}
	if seen != 2500 {
		t.Errorf("%d searches are left", seen)
	}
}

func TestIndicesAreWrittenAsRuns(t *testing.T) {
	for want, indices := range map[string][]int{"0": {0}, "0-3": {0, 1, 2, 3}, "1,3-4,9": {1, 3, 4, 9}} {
		if got := array(indices, 0); got != want {
			t.Errorf("%v is %s, want %s", indices, got, want)
		}
	}
	if got := array([]int{0, 1, 5}, 7); got != "0-1,5%7" {
		t.Errorf("a limit of 7 is written %s", got)
	}
}

func TestAJobThatSlurmForgotHasSucceededIfItsResultIsThere(t *testing.T) {
	c := &cluster{queue: []string{"101_0 RUNNING\n101_1 PENDING\n102_0 PENDING\n102_1 PENDING", "101_1 RUNNING\n102_1 PENDING", ""}}
	s := newSlurm(t, c)
	s.Done = func(j Job) (bool, error) { return j.Name != "b", nil }
	if err := s.Submit(t.Context(), []Job{{Name: "a"}, {Name: "b"}, {Name: "a2", After: "a"}, {Name: "b2", After: "b"}}); err != nil {
		t.Fatal(err)
	}
	ends := map[string]bool{}
	for {
		end, err := s.Wait(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		ends[end.Job.Name] = end.Err == nil
	}
	if want := map[string]bool{"a": true, "a2": true, "b": false}; !reflect.DeepEqual(ends, want) {
		t.Errorf("ends are %v, want %v: the successor of a job that failed never begins", ends, want)
	}
}

func TestWhatSlurmRefusesInPartIsTakenBack(t *testing.T) {
	c := &cluster{}
	s := newSlurm(t, c)
	s.run = func(command *exec.Cmd) (string, error) {
		if slices.ContainsFunc(command.Args, func(a string) bool { return strings.HasPrefix(a, "--dependency") }) {
			return "", errors.New("invalid partition")
		}
		return c.run(command)
	}
	err := s.Submit(t.Context(), nine())
	if err == nil || !strings.Contains(err.Error(), "invalid partition") {
		t.Errorf("sbatch's words are lost: %v", err)
	}
	if cancelled := c.arguments("scancel"); len(cancelled) != 1 || !strings.HasSuffix(cancelled[0], " 101") {
		t.Errorf("cancelled are %v, want the first array", cancelled)
	}
}

func TestStatesAndCancelWorkInAnotherProcess(t *testing.T) {
	c := &cluster{queue: []string{"101_1 RUNNING\n7_0 RUNNING"}}
	s := newSlurm(t, c)
	s.After = []string{"report"}
	if err := s.Submit(t.Context(), nine()); err != nil {
		t.Fatal(err)
	}
	other := &Slurm{Dir: s.Dir, run: c.run}
	states, err := other.States(t.Context())
	if want := map[string]string{"3": "RUNNING"}; err != nil || !reflect.DeepEqual(states, want) {
		t.Errorf("states are %v (%v), want %v", states, err, want)
	}
	if err := other.Cancel(); err != nil {
		t.Fatal(err)
	}
	if got := c.arguments("scancel"); len(got) != 1 || got[0] != "--quiet 101 102 103 104" {
		t.Errorf("cancelled are %v, want three arrays and the report", got)
	}
}

func TestASqueueThatHangsIsGivenUp(t *testing.T) {
	s := newSlurm(t, &cluster{})
	if err := s.Submit(t.Context(), nine()); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "squeue"), []byte("#!/bin/sh\nexec sleep 600\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	other := &Slurm{Dir: s.Dir, patience: 100 * time.Millisecond}
	if states, err := other.States(t.Context()); err == nil || !strings.Contains(err.Error(), "squeue doesn't answer: nothing came in 100ms") {
		t.Errorf("the states are %v, %v", states, err)
	}
}
