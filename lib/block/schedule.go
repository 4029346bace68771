package block

import (
	"container/heap"
	"fmt"
	"sync"
)

// slot orders the tasks that read and write one value: readers after the last writer, a writer
// after all tasks before it. Sums thus keep the order of the program, and the bits do not depend on
// timing.
type slot struct {
	batch   *batch
	writer  *task
	readers []*task
}

// batch is the set of tasks of one run of the schedule. A slot forgets tasks of earlier batches,
// which are done.
type batch struct{ tasks []*task }

type task struct {
	run   func()
	index int
	wait  int
	next  []*task
}

// add appends a task that reads and writes slots.
func (b *batch) add(reads, writes []*slot, run func()) {
	k := &task{run: run, index: len(b.tasks)}
	seen := map[*task]bool{k: true}
	after := func(q *task) {
		if q != nil && !seen[q] {
			seen[q] = true
			q.next = append(q.next, k)
			k.wait++
		}
	}
	for _, s := range append(reads[:len(reads):len(reads)], writes...) {
		if s.batch != b {
			*s = slot{batch: b}
		}
	}
	for _, s := range reads {
		after(s.writer)
	}
	for _, s := range writes {
		after(s.writer)
		for _, r := range s.readers {
			after(r)
		}
	}
	for _, s := range reads {
		s.readers = append(s.readers, k)
	}
	for _, s := range writes {
		s.writer, s.readers = k, nil
	}
	b.tasks = append(b.tasks, k)
}

// run executes the tasks on lanes goroutines, the earliest ready task first. A panic in a task ends
// the run and is returned as an error.
func (b *batch) run(lanes int) (err error) {
	var ready intHeap
	for _, k := range b.tasks {
		if k.wait == 0 {
			ready = append(ready, k.index)
		}
	}
	heap.Init(&ready)
	var mu sync.Mutex
	changed := sync.NewCond(&mu)
	left := len(b.tasks)
	do := func(k *task) {
		defer func() {
			if r := recover(); r != nil {
				mu.Lock()
				err = fmt.Errorf("%v", r)
				mu.Unlock()
			}
		}()
		k.run()
	}
	var lane sync.WaitGroup
	for range max(1, lanes) {
		lane.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			for left > 0 && err == nil {
				if len(ready) == 0 {
					changed.Wait()
					continue
				}
				k := b.tasks[ready.pop()]
				mu.Unlock()
				do(k)
				mu.Lock()
				k.run = nil
				left--
				for _, n := range k.next {
					if n.wait--; n.wait == 0 {
						ready.push(n.index)
					}
				}
				changed.Broadcast()
			}
		})
	}
	lane.Wait()
	return err
}

// intHeap is a heap of task indices.
type intHeap []int

func (h intHeap) Len() int           { return len(h) }
func (h intHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h intHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *intHeap) pop() int          { return heap.Pop(h).(int) }
func (h *intHeap) push(i int)        { heap.Push(h, i) }
func (h *intHeap) Push(x any)        { *h = append(*h, x.(int)) }
func (h *intHeap) Pop() any {
	o := *h
	x := o[len(o)-1]
	*h = o[:len(o)-1]
	return x
}
