package train

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/effnet/effnet/pkg/kernels"
)

// team runs tasks that do not depend on each other on a number of workers.
type team struct{ workers []*worker }

// worker is what one goroutine needs for itself: arguments of kernels, which
// must not move to the heap at each call, and memory for a task.
type worker struct {
	gemm       kernels.GEMMArgs
	depthwise  kernels.DepthwiseArgs
	vector     kernels.VectorArgs
	slope      kernels.SlopeArgs
	filterGrad kernels.FilterGradArgs
	matrix     kernels.Matrix

	padded  []float32 // a plane, or rows of all channel blocks, with a border
	panel   []float32 // packed operand of a weight gradient
	rowPtrs []unsafe.Pointer
}

func newTeam(threads int) *team {
	t := &team{}
	for range max(1, threads) {
		t.workers = append(t.workers, &worker{panel: kernels.Alloc(panelValues)})
	}
	return t
}

// helpings is how many times a worker should ask for tasks.
const helpings = 8

// run calls f for every task in [0, tasks) and returns when all are done.
func (t *team) run(tasks int, f func(w *worker, task int)) {
	workers := t.workers[:min(len(t.workers), tasks)]
	if len(workers) <= 1 {
		for task := range tasks {
			f(t.workers[0], task)
		}
		return
	}
	grain := max(1, tasks/(helpings*len(workers)))
	var next atomic.Int64
	work := func(w *worker) {
		for {
			first := int(next.Add(int64(grain))) - grain
			if first >= tasks {
				return
			}
			for task := first; task < min(first+grain, tasks); task++ {
				f(w, task)
			}
		}
	}
	var wg sync.WaitGroup
	for _, w := range workers[1:] {
		wg.Go(func() { work(w) })
	}
	work(workers[0])
	wg.Wait()
}

// needPadded makes room in every worker for a padded buffer and for addresses
// of its rows.
func (t *team) needPadded(values, rows int) {
	for _, w := range t.workers {
		if len(w.padded) < values {
			w.padded = kernels.Alloc(values)
		}
		if len(w.rowPtrs) < rows {
			w.rowPtrs = make([]unsafe.Pointer, rows)
		}
	}
}
