// Package bench measures what a search and a training cost, beside PyTorch on the same machine in the same minutes.
//
//	r, err := bench.Bench{Workloads: bench.Workloads(), Worker: []string{"essnas", "bench", "worker"}, Steps: 3, Repeat: 3, Against: peers, Python: "python3"}.Run(ctx)
//	fmt.Println(r)
//
// # What is measured
//
// A [Workload] is a step as a run makes it: search.Search or network.Training on random images, with their augmentation. Each is measured in
// processes of its own ([Work]), so that memory and start are the workload's and nobody else's. The first has an empty cache of executables: it
// compiles. The second finds what the first left, and makes the steps that count.
//
// # The other side
//
// The same network in PyTorch (peer.py, on the networks that the golden files come from) has its own process, too. Its weights are counted and have
// to be as many as ours. After a step to warm up both, they take turns, A B A B, so that what else the machine does meets both; a ratio is that
// of two turns beside each other. It has the same batch, the same cores, float32, and what makes it fast: only the gradients that a level
// needs, multi-tensor optimizers, no data loading and no augmentation in its steps, whereas ours have both. It runs in eager mode and with torch.compile; the
// faster one counts.
//
// # On a GPU
//
// With GPU both sides compute on one, PyTorch in channels_last; half precision is autocast there and the setting precision here. How busy the GPU is
// comes from nvidia-smi, its memory from the plugin and from PyTorch. The ways to convolve are raced first, and the report says which have won. Steps of a turn are launched one
// after the other and read together, as a run does. Of PC-DARTS a whole epoch is run, with its checkpoint, from which the report says what a search would take and what limits it. A
// workload that fails has its error in the report, and the others are measured.
// That has been tried on no GPU yet, but on the CPU treated as one: essnas bench --gpu --backend rehearsal.
//
// # How to read it
//
// Ratios rather than seconds: on a machine that does other things both sides lose, and the report says what share of the cores others had. PyTorch's threads wait
// for each other in every operation, so it loses more: a ratio of a busy machine flatters us. The spread beside a median is that of all steps.
//
// What was tried to make steps faster, and lost, is in TRIED.md.
package bench
