// Package engine carries out the jobs of a study.
//
// A [Job] has a name and may wait for another one. An [Engine] takes jobs, runs each as soon as the
// job that it waits for has succeeded, and reports each end:
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
// [Local] runs jobs in this process, one on each of its workers. What a job computes is not the
// engine's business: a study writes each job into a file that one process can execute, wherever
// that process runs, and a finished job is recognised by its result on disk. So every engine comes
// to the same table, and a job that an engine runs twice finds its result the second time.
//
// [Kubernetes] writes a manifest for jobs and submits nothing.
//
// # Scale
//
// Stand-in jobs of one second measure the engines (scale_test.go; two cores that other programs used
// as well, and a Slurm of two nodes with 16 slots each on the same machine):
//
//	local, 10,000 jobs, 500 at a time   23.3 s, of which 20.0 s are the jobs': 0.3 ms a job
//	Slurm, 1,000 jobs, 32 at a time     64.6 s, of which 31.3 s are the jobs': 33 ms a job
//	submitting 1,000 jobs to Slurm      4 arrays in 1.5 s
//	10,000 results                      15 MB, 41 MB on a disk with blocks of 4 KB; listed in 1.1 s
//	looking for 10,000 results          0.1 s on a local disk
//	1,000 jobs on Slurm                 2,005 files: results, a log each, scripts, the record
//
// A study of 10,000 jobs is some 2,500 searches with three trainings each. On paper:
//
//	files       A run has 20 to 40 files and 5 to 60 MB, most of it checkpoints. 10,000 runs have
//	            300,000 files and some 200 GB: quotas of files and of bytes end first. On a network
//	            file system a look for a result takes 1 to 10 ms, so a status takes up to two minutes.
//	locks       A run is renewed every 15 seconds (package lease): 100 jobs at a time make 7 small
//	            writes a second. A job that starts anew after the loss of a node waits for at most a
//	            minute, until the lease of the dead one is stale.
//	scheduler   An array has at most 1,000 tasks: 12 arrays. Clusters limit a user's submitted tasks
//	            (MaxSubmitJobs, often 1,000 to 10,000): sbatch then refuses the rest, and what was
//	            submitted is cancelled. A study in parts, by --only and --seeds, stays below. Wait asks
//	            squeue once for all jobs, every ten seconds.
//	resuming    A requeued job reads one checkpoint, 1 to 20 MB, loads its compiled programs in a few
//	            seconds, and repeats at most 30 seconds of work.
//	programs    Each node has a cache of its own unless ESSNAS_CACHE names a shared one; a cold node
//	            compiles for one to five minutes. A bundle (package bundle) brings them along.
//
// What breaks first is the limit of submitted tasks, then the quota of files, then the time that a
// status takes on a slow file system.
package engine
