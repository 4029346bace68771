package engine

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/internal/atomicfile"
)

// Slurm runs jobs on a cluster. One job array has all jobs that wait for nothing. For each rank of
// successors there is a further array, whose tasks wait for the task of the same index (aftercorr).
// Slurm schedules, requeues and counts; no process of essnas runs between the jobs. The directory
// must be on a file system that the nodes share.
type Slurm struct {
	// Dir is the directory of lists, scripts, logs and the record of submissions.
	Dir     string
	Name    string                      // name of the arrays in squeue
	Command func(job Job) []string      // returns the command of a job; its first word is the program
	Done    func(job Job) (bool, error) // reports whether the job's result exists
	Options SlurmOptions                // resources of the jobs
	// After is a command that runs when all jobs have ended; nil: none.
	After []string
	Poll  time.Duration                   // interval between calls of squeue in Wait; 0: 10 s
	run   func(*exec.Cmd) (string, error) // replaces exec in tests; nil: none
	// patience is the longest time for an answer of squeue; 0: 30 s
	patience time.Duration

	jobs   []Job
	ended  []bool
	ends   []End // noted, but not yet reported by Wait
	failed map[string]bool
}

// SlurmOptions become options of sbatch. The cluster's defaults apply to empty ones.
type SlurmOptions struct {
	Partition string // --partition
	Gres      string // --gres, like gpu:1
	Time      string // --time of one job, like 2:00:00; it saves and is requeued two minutes before
	Mem       string // --mem, like 8G
	CPUs      int    // --cpus-per-task
	Limit     int    // largest number of tasks of an array that run at a time; 0: the cluster's limit
}

// submission is a job array that Slurm has accepted.
type submission struct {
	ID    string         `json:"id"`
	Tasks map[int]string `json:"tasks"` // name of the job, by index
}

// tasksInArray is the largest number of tasks in an array: Slurm's default MaxArraySize is 1001.
const tasksInArray = 1000

// Submit implements [Engine]. If Slurm refuses an array, Submit cancels the arrays before it and
// returns an error with sbatch's message.
func (s *Slurm) Submit(ctx context.Context, jobs []Job) error {
	if err := check(jobs); err != nil {
		return err
	}
	s.jobs, s.ended, s.failed = jobs, make([]bool, len(jobs)), map[string]bool{}
	if err := atomicfile.MkdirAll(filepath.Join(s.Dir, "logs")); err != nil {
		return err
	}
	var all []submission
	for _, group := range ranks(jobs) {
		first := "" // id of the array of the jobs that wait for nothing
		for rank, tasks := range group {
			if len(tasks) == 0 {
				continue
			}
			id, err := s.submit(ctx, fmt.Sprintf("array%d", len(all)), tasks, first)
			if err != nil {
				s.cancel(all)
				return err
			}
			if rank == 0 {
				first = id
			}
			names := map[int]string{}
			for i, j := range tasks {
				names[i] = j.Name
			}
			all = append(all, submission{id, names})
		}
	}
	if len(s.After) > 0 && len(all) > 0 {
		id, err := s.submitAfter(ctx, all)
		if err != nil {
			s.cancel(all)
			return err
		}
		all = append(all, submission{ID: id})
	}
	return s.record(all)
}

// ranks sorts jobs into arrays, [group][rank][index]. Rank 0 of a group has at most tasksInArray
// jobs that wait for nothing; the next ranks have their successors. A successor has the index of
// the job that it waits for.
func ranks(jobs []Job) (groups [][]map[int]Job) {
	type place struct{ group, index int }
	places, count := map[string]place{}, map[string]int{}
	n := 0
	for _, j := range jobs {
		if j.After == "" {
			p := place{n / tasksInArray, n % tasksInArray}
			if p.index == 0 {
				groups = append(groups, []map[int]Job{{}})
			}
			groups[p.group][0][p.index] = j
			places[j.Name] = p
			n++
		}
	}
	for _, j := range jobs {
		if j.After == "" {
			continue
		}
		p := places[j.After]
		count[j.After]++
		rank := count[j.After]
		for len(groups[p.group]) <= rank {
			groups[p.group] = append(groups[p.group], map[int]Job{})
		}
		groups[p.group][rank][p.index] = j
	}
	return
}

// submit submits one array and returns its id.
func (s *Slurm) submit(ctx context.Context, name string, tasks map[int]Job, after string) (id string, err error) {
	var script strings.Builder
	script.WriteString("#!/bin/sh\ncase $SLURM_ARRAY_TASK_ID in\n")
	indices := make([]int, 0, len(tasks))
	for i := range tasks {
		indices = append(indices, i)
	}
	slices.Sort(indices)
	for _, i := range indices {
		fmt.Fprintf(&script, "%d) exec %s ;;\n", i, quoted(s.Command(tasks[i])))
	}
	script.WriteString("esac\n")
	args := []string{"--array=" + array(indices, s.Options.Limit), "--requeue", "--open-mode=append", "--kill-on-invalid-dep=yes",
		"--signal=B:USR1@120", "--output=" + escaped(filepath.Join(s.Dir, "logs")) + "/%A_%a.log"}
	if after != "" {
		args = append(args, "--dependency=aftercorr:"+after)
	}
	return s.sbatch(ctx, name, script.String(), append(args, s.Options.arguments()...))
}

// Requeue is an environment variable that SubmitOne sets for its command. A command with this
// variable saves on SIGUSR1 and asks Slurm to requeue it.
const Requeue = "ESSNAS_REQUEUE"

// SubmitOne submits a command as a single job and returns its id and the file of its log. The job
// starts in the working directory of this process. Slurm may requeue it, and sends SIGUSR1 two
// minutes before its time ends. The script and the log are in the engine's directory. Cancel does
// not know this job. SubmitOne returns an error with sbatch's message if Slurm refuses.
func (s *Slurm) SubmitOne(ctx context.Context, command []string) (id, log string, err error) {
	logs := filepath.Join(s.Dir, "logs")
	if err := atomicfile.MkdirAll(logs); err != nil {
		return "", "", err
	}
	args := []string{"--requeue", "--open-mode=append", "--signal=B:USR1@120", "--output=" + escaped(logs) + "/" + s.Name + "-%j.log"}
	script := "#!/bin/sh\nexport " + Requeue + "=1\nexec " + quoted(command) + "\n"
	id, err = s.sbatch(ctx, s.Name, script, append(args, s.Options.arguments()...))
	return id, filepath.Join(logs, s.Name+"-"+id+".log"), err
}

// submitAfter submits the command After, which runs when all arrays have ended or failed.
func (s *Slurm) submitAfter(ctx context.Context, all []submission) (string, error) {
	dependency := "--dependency=afterany"
	for _, a := range all {
		dependency += ":" + a.ID
	}
	args := []string{dependency, "--output=" + escaped(filepath.Join(s.Dir, "logs")) + "/after-%j.log"}
	if s.Options.Partition != "" {
		args = append(args, "--partition="+s.Options.Partition)
	}
	return s.sbatch(ctx, "after", "#!/bin/sh\nexec "+quoted(s.After)+"\n", args)
}

// sbatch submits a script, which stays in the directory for the user to read.
func (s *Slurm) sbatch(ctx context.Context, name, script string, args []string) (id string, err error) {
	path := filepath.Join(s.Dir, name+".sh")
	if err := atomicfile.WriteBytes(path, []byte(script)); err != nil {
		return "", err
	}
	args = append([]string{"--parsable", "--job-name=" + s.Name}, append(args, path)...)
	out, err := s.execute(exec.CommandContext(ctx, "sbatch", args...))
	if err != nil {
		return "", fmt.Errorf("sbatch has refused %s: %w", path, err)
	}
	id, _, _ = strings.Cut(strings.TrimSpace(out), ";") // the name of the cluster may follow
	if _, err := strconv.Atoi(id); err != nil {
		return "", fmt.Errorf("sbatch has printed %q, which is no job id", out)
	}
	return id, nil
}

func (o SlurmOptions) arguments() (args []string) {
	for option, value := range map[string]string{"--partition=": o.Partition, "--gres=": o.Gres, "--time=": o.Time, "--mem=": o.Mem} {
		if value != "" {
			args = append(args, option+value)
		}
	}
	slices.Sort(args)
	if o.CPUs > 0 {
		args = append(args, fmt.Sprintf("--cpus-per-task=%d", o.CPUs))
	}
	return
}

// array writes indices in the form of sbatch's --array, with ranges: 0-4,7%2.
func array(indices []int, limit int) string {
	var parts []string
	for i := 0; i < len(indices); {
		j := i
		for j+1 < len(indices) && indices[j+1] == indices[j]+1 {
			j++
		}
		part := strconv.Itoa(indices[i])
		if j > i {
			part += "-" + strconv.Itoa(indices[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	text := strings.Join(parts, ",")
	if limit > 0 {
		text += fmt.Sprintf("%%%d", limit)
	}
	return text
}

// quoted joins words into a command and quotes them for a shell.
func quoted(words []string) string {
	var all []string
	for _, w := range words {
		all = append(all, "'"+strings.ReplaceAll(w, "'", `'\''`)+"'")
	}
	return strings.Join(all, " ")
}

// escaped escapes a path for sbatch, which replaces patterns like %j in file names.
func escaped(path string) string { return strings.ReplaceAll(path, "%", "%%") }
