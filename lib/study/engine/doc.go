// Package engine runs the jobs of a study.
//
// A [Job] has a name and may wait for another job. An [Engine] takes jobs, runs each one as soon as
// the job that it waits for has succeeded, and reports each end:
//
//	e := engine.NewLocal(2, do)          // two at a time, in this process
//	err := e.Submit(ctx, jobs)
//	for {
//		end, err := e.Wait(ctx)
//		if err == io.EOF {
//			break // all jobs have ended
//		}
//		...
//	}
//
// [Local] runs jobs in this process, one on each of its workers. [Slurm] submits them to a cluster.
// An engine does not know the work of a job: a study writes each job into a file that one process
// can execute on any machine. The result on disk marks a finished job, so that every engine gives
// the same table, and a job that runs twice finds its result the second time.
//
// [Kubernetes] writes a manifest for jobs and submits nothing.
//
// # Scale
//
// Jobs that only wait for one second measure the engines (scale_test.go; two cores that other
// programs used as well, and a Slurm of two nodes with 16 slots each on the same machine):
//
//	local, 10,000 jobs, 500 at a time   23.3 s, of which 20.0 s are the jobs': 0.3 ms a job
//	Slurm, 1,000 jobs, 32 at a time     64.6 s, of which 31.3 s are the jobs': 33 ms a job
//	submitting 1,000 jobs to Slurm      4 arrays in 1.5 s
//	10,000 results                      15 MB, 41 MB on a disk with blocks of 4 KB; listed in 1.1 s
//	looking for 10,000 results          0.1 s on a local disk
//	1,000 jobs on Slurm                 2,005 files: results, a log each, scripts, the record
//
// A study of 10,000 jobs has some 2,500 searches with three trainings each. Estimates:
//
//	files       A run has 20 to 40 files and 5 to 60 MB, most of it checkpoints. 10,000 runs have
//	            300,000 files and some 200 GB, which may exceed quotas of files and of bytes. On a
//	            network file system a look for a result takes 1 to 10 ms, so a status takes up to two
//	            minutes.
//	locks       A process renews the lease of its run every 15 seconds (package lease): 100 jobs at a
//	            time make 7 small writes a second. A job that restarts after the loss of a node waits
//	            at most a minute, until the lease of the lost process has expired.
//	scheduler   An array has at most 1,000 tasks: 12 arrays. Clusters limit a user's submitted tasks
//	            (MaxSubmitJobs, often 1,000 to 10,000). sbatch then refuses the rest, and the
//	            submitted arrays are cancelled. Parts of a study, by --only and --seeds, stay below
//	            the limit. Wait asks squeue once for all jobs, every ten seconds.
//	resuming    A requeued job reads one checkpoint, 1 to 20 MB, loads its compiled programs in a few
//	            seconds, and repeats at most 30 seconds of work.
//	programs    Each node has a cache of its own unless ESSNAS_CACHE names a shared one. A node with
//	            an empty cache compiles for one to five minutes. A bundle (package bundle) contains
//	            the compiled programs.
//
// A growing study first exceeds the limit of submitted tasks, then the quota of files; then the
// status becomes slow on a slow file system.
package engine
