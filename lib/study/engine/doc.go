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
package engine
