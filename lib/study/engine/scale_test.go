package engine

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/internal/atomicfile"
)

// The numbers of the section "Scale" come from
//
//	ESSNAS_TEST_SCALE=10000 go test ./lib/study/engine -run Scale -v -timeout 1h
//
// with a cluster that SLURM_CONF announces for the second test, which takes a tenth of the jobs.

// standIns returns jobs of one second: searches, each with three trainings.
func standIns(t *testing.T, share int) (jobs []Job) {
	n, err := strconv.Atoi(os.Getenv("ESSNAS_TEST_SCALE"))
	if err != nil {
		t.Skip("ESSNAS_TEST_SCALE is no number of jobs")
	}
	for i := range n / share {
		j := Job{Name: fmt.Sprintf("c%02d/seed%d/%d", i/4%20, i/80, i%4)}
		if i%4 > 0 {
			j.After = fmt.Sprintf("c%02d/seed%d/0", i/4%20, i/80)
		}
		jobs = append(jobs, j)
	}
	return jobs
}

// tell prints the cost of a job in addition to its second, and the cost of a look at all jobs.
func tell(t *testing.T, dir string, jobs, parallel int, took time.Duration, done func(Job) (bool, error), all []Job) {
	t.Helper()
	ideal := time.Duration(float64(jobs) / float64(parallel) * float64(time.Second))
	var files, bytes, blocks int64
	begin := time.Now()
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			files++
			bytes += info.Size()
			blocks += (info.Size() + 4095) / 4096 * 4096
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	listing := time.Since(begin)
	begin = time.Now()
	for _, j := range all {
		if ok, err := done(j); err != nil || !ok {
			t.Errorf("%s has no result: %v", j.Name, err)
		}
	}
	t.Logf("%d jobs, %d at a time, in %.1f s: %.1f ms of a slot a job beside its second; %d files, %.1f MB (%.1f MB of blocks), listed in %.0f ms, results looked for in %.0f ms",
		jobs, parallel, took.Seconds(), (took-ideal).Seconds()*1000*float64(parallel)/float64(jobs), files, float64(bytes)/1e6, float64(blocks)/1e6, listing.Seconds()*1000, time.Since(begin).Seconds()*1000)
}

func TestScaleOfTheLocalEngine(t *testing.T) {
	jobs := standIns(t, 1)
	dir := t.TempDir()
	path := func(j Job) string { return filepath.Join(dir, "runs", filepath.FromSlash(j.Name), "result.json") }
	const parallel = 500
	e := NewLocal(parallel, func(_ context.Context, _ int, j Job) error {
		time.Sleep(time.Second)
		return atomicfile.WriteBytes(path(j), make([]byte, 1500))
	})
	begin := time.Now()
	if err := e.Submit(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
	for ends := 0; ; ends++ {
		end, err := e.Wait(t.Context())
		if err == io.EOF {
			if ends != len(jobs) {
				t.Errorf("%d of %d jobs ended", ends, len(jobs))
			}
			break
		}
		if err != nil || end.Err != nil {
			t.Fatal(err, end.Err)
		}
	}
	tell(t, dir, len(jobs), parallel, time.Since(begin), func(j Job) (bool, error) { return there(path(j)) }, jobs)
}

func TestScaleOfSlurm(t *testing.T) {
	jobs := standIns(t, 10)
	out, err := exec.Command("sinfo", "--noheader", "--format=%C").Output()
	if err != nil {
		t.Skip("no Slurm answers here")
	}
	var allocated, idle, other, parallel int
	if _, err := fmt.Sscanf(string(out), "%d/%d/%d/%d", &allocated, &idle, &other, &parallel); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := func(j Job) string { return filepath.Join(dir, "runs", filepath.FromSlash(j.Name), "result.json") }
	e := &Slurm{
		Dir: filepath.Join(dir, "jobs"), Name: "scale", Poll: time.Second,
		Command: func(j Job) []string {
			return []string{"/bin/sh", "-c", `sleep 1; mkdir -p "${0%/*}"; head -c 1500 /dev/zero > "$0"`, path(j)}
		},
		Done: func(j Job) (bool, error) { return there(path(j)) },
	}
	begin := time.Now()
	if err := e.Submit(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
	submitted := time.Since(begin)
	for {
		end, err := e.Wait(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil || end.Err != nil {
			t.Fatal(err, end.Err)
		}
	}
	tell(t, dir, len(jobs), parallel, time.Since(begin), e.Done, jobs)
	begin = time.Now()
	if _, err := e.States(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("submitted in %.1f s; squeue answers in %.0f ms", submitted.Seconds(), time.Since(begin).Seconds()*1000)
}

func there(path string) (bool, error) {
	_, err := os.Stat(path)
	return err == nil, nil
}
