package model

import (
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/tensor"
)

// Workspace is the memory and the threads that run a plan. It is not for use by several goroutines at once.
type Workspace struct {
	plan    *Plan
	memory  *kernels.Memory // of the images
	cleanup runtime.Cleanup
	workers []*worker
	team    *team
	tap     func(Step, *tensor.Tensor)
	clock   func(operation int, took time.Duration)

	in     []float32    // the NHWC pictures of the current run
	apart  int          // pictures that one worker each takes, from the first on
	next   atomic.Int64 // the next of those
	stack  stack
	logits []float32 // [N·outputs] of the last run
	pooled []float32 // [N·Features] of the last run; empty where the plan ends before pooling
}

// NewWorkspace makes a workspace whose runs share the work of one picture
// among threads; below 1 counts as 1. Close ends them.
func (p *Plan) NewWorkspace(threads int) *Workspace {
	threads = max(1, threads)
	ws := &Workspace{plan: p, memory: &kernels.Memory{}, logits: make([]float32, p.outputLen())}
	ws.cleanup = runtime.AddCleanup(ws, (*kernels.Memory).Release, ws.memory)
	for range threads {
		ws.workers = append(ws.workers, &worker{ws: ws, set: p.set})
	}
	ws.ownImage(ws.workers[0])
	for _, op := range p.operations {
		op.bind(ws)
	}
	if threads > 1 {
		ws.team = newTeam(ws)
	}
	return ws
}

// Close ends the workspace's threads and gives its memory back, that of
// Embedding's result too. A closed workspace can not run.
func (ws *Workspace) Close() {
	if ws.team != nil {
		ws.team.close()
	}
	ws.cleanup.Stop()
	ws.memory.Release()
	ws.workers = nil
}

// Tap calls f after each operation of a run with its last step and output;
// nil ends it. The tensor is f's to keep.
func (ws *Workspace) Tap(f func(Step, *tensor.Tensor)) { ws.tap = f }

// needRing makes room in every worker for a ring of the given values, a row of
// zeros and a number of row addresses.
func (ws *Workspace) needRing(ring, zeros, rows int) {
	for _, w := range ws.workers {
		w.ring = grown(w.ring, ring)
		w.zeros = grown(w.zeros, zeros)
		w.rowPtrs = slices.Grow(w.rowPtrs[:0], rows)[:max(rows, cap(w.rowPtrs))]
	}
}

func grown(s []float32, n int) []float32 {
	if len(s) >= n {
		return s
	}
	return kernels.Alloc(n)
}

// Run computes the logits [N·classes] of a batch of normalised pictures
// [N, resolution, resolution, 3], or of a plan of CompileUntil the activations
// of OutputShape(N), NHWC. They are valid until the next run. The result is the
// same to the bit for any number of threads and any batch.
func (p *Plan) Run(ws *Workspace, in *tensor.Tensor) ([]float32, error) {
	s := in.Shape
	if s.H != p.resolution || s.W != p.resolution || s.C != 3 || s.N < 1 || len(in.Data) != s.Len() {
		return nil, fmt.Errorf("input of shape %v, expected N×%d×%d×3", s, p.resolution, p.resolution)
	}
	ws.batch(in)
	runtime.KeepAlive(ws) // kernels hold plain addresses
	return ws.logits, nil
}

// outputLen is the values of one picture's output.
func (p *Plan) outputLen() int { return p.output.Pixels() * p.output.C }

// Embedding is the features [Features] of the last picture that was run, after
// pooling. It is valid until the next run.
func (ws *Workspace) Embedding() []float32 {
	if len(ws.pooled) == 0 {
		return nil
	}
	return ws.pooled[len(ws.pooled)-ws.plan.features.C:]
}

// Embeddings is the features [N·Features] of all pictures of the last run, after
// pooling; empty where the plan ends before. It is valid until the next run.
func (ws *Workspace) Embeddings() []float32 { return ws.pooled }

// unblocked copies a map from channel blocks to NHWC.
func unblocked(blocked []float32, m Map) *tensor.Tensor {
	t := tensor.New(tensor.Shape{N: 1, H: m.H, W: m.W, C: m.C})
	unblock(t.Data, blocked, m)
	return t
}

// unblock writes a map from channel blocks [C/16][H·W][16] as NHWC [H·W, C].
func unblock(dst, blocked []float32, m Map) {
	for b := range kernels.Blocks(m.C) {
		first := b * kernels.Block
		n := min(kernels.Block, m.C-first)
		for p := range m.Pixels() {
			copy(dst[p*m.C+first:][:n], blocked[(b*m.Pixels()+p)*kernels.Block:])
		}
	}
}
