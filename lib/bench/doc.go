// Package bench measures the cost of searches, trainings and attacks, and compares it with PyTorch
// on the same machine at the same time.
//
//	b := bench.Bench{
//		Workloads: bench.Workloads(), Worker: []string{"essnas", "bench", "worker"},
//		Steps: 3, Repeat: 3, Against: peers, Python: "python3",
//	}
//	r, err := b.Run(ctx)
//	fmt.Println(r)
//
// # The measurement
//
// A [Workload] is a step of a run: search.Search or train.Training on random images, with
// augmentation. Each workload is measured in processes of its own ([Work]), so that memory and
// start belong to it alone. The first process has an empty cache of executables and compiles. The
// second finds the executables of the first and makes the steps that count.
//
// # The other side
//
// The same network in PyTorch (peer.py, on the networks of the golden files) runs in another
// process and must have the same number of weights. After a step to warm up, both sides alternate,
// A B A B, so that other load on the machine affects both; a ratio compares two adjacent turns. The
// other side has the same batch, the same cores and float32. It also has advantages: gradients only
// where a level needs them, multi-tensor optimizers, and neither data loading nor augmentation,
// which our steps include. It runs in eager mode and with torch.compile; the faster one counts.
//
// # On a GPU
//
// With GPU both sides compute on one, PyTorch in channels_last; half precision is autocast there
// and the setting precision here. nvidia-smi reports the utilisation, the plugin and PyTorch report
// the memory. Races between convolutions come first, and the report names the winners. The steps of
// a turn are launched one after the other and read together, as in a run. For PC-DARTS a whole
// epoch with its checkpoint is measured, from which the report estimates the time of a search and
// its bottleneck. A workload that fails has its error in the report, and the others continue. No
// GPU has been measured yet, only the CPU treated as one: essnas bench --gpu --backend rehearsal.
//
// # Interpretation
//
// Compare ratios rather than seconds. On a busy machine both sides lose, and the report shows the
// fraction of the cores that other programs used. PyTorch's threads wait for each other in every
// operation, so PyTorch loses more: the ratio of a busy machine flatters us. The range beside a
// median covers all steps.
//
// TRIED.md lists attempts to make steps faster that failed.
package bench
