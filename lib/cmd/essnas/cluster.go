package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/study"
	"github.com/essnas/essnas/lib/study/engine"
	"github.com/spf13/cobra"
)

// clusterFlags select the engine of jobs and its options.
type clusterFlags struct {
	engine       string
	options      engine.SlurmOptions
	image, claim string // for kubernetes
}

// Flags of one engine only. The flags in slurmOne also apply to a single job.
var (
	slurmOne       = []string{"partition", "gres", "time", "mem", "cpus"}
	slurmOnly      = []string{"partition", "time"}
	kubernetesOnly = []string{"image", "claim"}
	clusterOnly    = []string{"gres", "mem", "cpus", "array-limit"}
)

// add adds the flags of a study.
func (f *clusterFlags) add(c *cobra.Command) {
	f.addOne(c, "engine of the jobs: local (this process), slurm (sbatch; the directory must be on a file system that the nodes share) or, with --dry-run, kubernetes (prints a manifest)")
	flags := c.Flags()
	flags.IntVar(&f.options.Limit, "array-limit", 0, "on a cluster: largest number of jobs that run at a time")
	flags.StringVar(&f.image, "image", "", "with kubernetes: `NAME` of the container image with essnas")
	flags.StringVar(&f.claim, "claim", "", "with kubernetes: `NAME` of the PersistentVolumeClaim with the study's directory")
	c.RegisterFlagCompletionFunc("engine", cobra.FixedCompletions([]string{"local", "slurm", "kubernetes"}, cobra.ShellCompDirectiveNoFileComp))
}

// addOne adds the flags of one job.
func (f *clusterFlags) addOne(c *cobra.Command, help string) {
	flags := c.Flags()
	flags.StringVar(&f.engine, "engine", "local", help)
	flags.StringVar(&f.options.Partition, "partition", "", "with slurm: `NAME` of the partition")
	flags.StringVar(&f.options.Gres, "gres", "", "on a cluster: generic resources of a job, like gpu:1; as many GPUs as its setting devices")
	flags.StringVar(&f.options.Time, "time", "", "with slurm: time limit of a job, like 2:00:00; two minutes before the limit a job saves and is queued again")
	flags.StringVar(&f.options.Mem, "mem", "", "on a cluster: memory of a job, like 8G")
	flags.IntVar(&f.options.CPUs, "cpus", 0, "on a cluster: CPUs of a job")
}

// validate returns an error for flags that exclude each other.
func (f *clusterFlags) validate(c *cobra.Command, engines ...string) error {
	changed := func(names []string) string {
		if i := slices.IndexFunc(names, c.Flags().Changed); i >= 0 {
			return names[i]
		}
		return ""
	}
	if !slices.Contains(engines, f.engine) {
		return fmt.Errorf("--engine can't be %q: want %s", f.engine, strings.Join(engines, " or "))
	}
	if f.options.CPUs < 0 || f.options.Limit < 0 {
		return fmt.Errorf("--cpus is %d and --array-limit %d: want 1 or more, or none of them", f.options.CPUs, f.options.Limit)
	}
	if name := changed(slurmOnly); name != "" && f.engine != "slurm" {
		return fmt.Errorf("--%s is for --engine slurm: give both or none", name)
	}
	if name := changed(kubernetesOnly); name != "" && f.engine != "kubernetes" {
		return fmt.Errorf("--%s is for --engine kubernetes: give both or none", name)
	}
	if name := changed(clusterOnly); name != "" && f.engine == "local" {
		return fmt.Errorf("--%s is for --engine slurm: give both or none", name)
	}
	return nil
}

// gpus returns the number of GPUs that --gres requests for a job; ok is false if it names none. The
// forms of Slurm are gpu, gpu:2 and gpu:a100:2, with commas between several resources.
func (f *clusterFlags) gpus() (n int, ok bool) {
	for part := range strings.SplitSeq(f.options.Gres, ",") {
		words := strings.Split(part, ":")
		if words[0] != "gpu" {
			continue
		}
		count, err := strconv.Atoi(words[len(words)-1])
		if err != nil { // no number means one
			count = 1
		}
		n, ok = n+count, true
	}
	return n, ok
}

// fits returns an error if --gres requests another number of GPUs than a job uses: with fewer the
// job would fail on its node, and further ones would be idle.
func (f *clusterFlags) fits(devices int) error {
	n, ok := f.gpus()
	if !ok || n == devices {
		return nil
	}
	if n > devices {
		return fmt.Errorf("--gres %s requests %s for a job, which uses %d: request gpu:%[3]d, or let the GPUs share each batch by the setting devices", f.options.Gres, english.Plural(n, "GPU", ""), devices)
	}
	return fmt.Errorf("--gres %s requests %s for a job, which splits its batches between %d: request gpu:%[3]d", f.options.Gres, english.Plural(n, "GPU", ""), devices)
}

// requeueing runs f. On SIGUSR1, which Slurm sends before the time limit, it ends f's context and
// asks Slurm to queue the job again.
func requeueing(parent context.Context, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	limit := make(chan os.Signal, 1)
	signal.Notify(limit, syscall.SIGUSR1)
	defer signal.Stop(limit)
	requeue := make(chan bool, 1)
	go func() {
		select {
		case <-limit:
			requeue <- true
			cancel()
		case <-ctx.Done():
		}
	}()
	err := f(ctx)
	if errors.Is(err, context.Canceled) && len(requeue) > 0 {
		return errors.Join(err, queueAgain(parent))
	}
	return err
}

// queueAgain asks Slurm to requeue the job, or the task of an array, that runs this process.
func queueAgain(ctx context.Context) error {
	id := os.Getenv("SLURM_JOB_ID")
	if array := os.Getenv("SLURM_ARRAY_JOB_ID"); array != "" {
		id = array + "_" + os.Getenv("SLURM_ARRAY_TASK_ID")
	}
	if out, err := exec.CommandContext(ctx, "scontrol", "requeue", id).CombinedOutput(); err != nil {
		return fmt.Errorf("Slurm doesn't queue the job again: %w: %s", err, out)
	}
	return nil
}

// submitStage submits the command line, without the flags of clusters, to Slurm as one job, and
// prints the file of its log.
func (p *program) submitStage(c *cobra.Command, f clusterFlags) error {
	path, err := os.Executable()
	if err != nil {
		return err
	}
	root := p.runs
	if root == "" {
		root = run.Root()
	}
	dir, err := filepath.Abs(filepath.Join(root, "slurm"))
	if err != nil {
		return err
	}
	s := &engine.Slurm{Dir: dir, Name: fmt.Sprintf("%s-%s", c.Name(), time.Now().UTC().Format("20060102-150405.000")), Options: f.options}
	id, log, err := s.SubmitOne(c.Context(), append([]string{path}, withoutCluster(os.Args[1:])...))
	if err != nil {
		return err
	}
	return p.print(c, map[string]string{"job": id, "log": log}, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "Submitted job %s. The same command without --engine shows its result when it has ended.\nHow far    squeue -j %s\nEnd it     scancel %s (it saves)\nLog        %s\n", id, id, id, log)
		return err
	})
}

// withoutCluster drops the flags of a cluster from a command line.
func withoutCluster(args []string) (kept []string) {
	for i := 0; i < len(args); i++ {
		name, _, whole := strings.Cut(strings.TrimPrefix(args[i], "--"), "=")
		if strings.HasPrefix(args[i], "--") && (name == "engine" || slices.Contains(slurmOne, name)) {
			if !whole {
				i++ // its value
			}
			continue
		}
		kept = append(kept, args[i])
	}
	return kept
}

// showManifest prints the manifest of a study for Kubernetes.
func (p *program) showManifest(c *cobra.Command, s *study.Study, f clusterFlags) error {
	gpus := 0
	if f.options.Gres != "" { // Kubernetes selects the model of a GPU by the labels of nodes
		text, ok := strings.CutPrefix(f.options.Gres, "gpu:")
		n, err := strconv.Atoi(text)
		if !ok || err != nil || n < 1 {
			return fmt.Errorf("--gres can't be %q with --engine kubernetes: want gpu:N", f.options.Gres)
		}
		gpus = n
	}
	words := []string{"--quiet"}
	if p.backend != "" {
		words = append(words, "--backend", p.backend)
	}
	if p.memory > 0 {
		words = append(words, "--memory", p.memory.String())
	}
	if p.data != "" {
		data, err := filepath.Abs(p.data)
		if err != nil {
			return err
		}
		words = append(words, "--data", data)
	}
	text, err := s.Manifest(engine.Kubernetes{
		Image: f.image, Claim: f.claim, Command: append([]string{"essnas"}, words...),
		Options: engine.KubernetesOptions{GPUs: gpus, Mem: f.options.Mem, CPUs: f.options.CPUs, Limit: f.options.Limit},
	})
	if err != nil {
		return err
	}
	_, err = c.OutOrStdout().Write(text)
	return err
}
