package model

import (
	"slices"
	"time"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/tensor"
)

// stack is the input and output of the classifier for all pictures of a batch:
// a matrix product with a row a picture, whose weights pass by once.
type stack struct {
	pictures int
	features []float32 // [F/16][N][16]
	logits   []float32 // [classes/16][N][16]
	runs     []kernels.Run
}

// fit makes room for n pictures.
func (s *stack) fit(op *linear, n int) {
	if s.pictures == n {
		return
	}
	s.pictures = n
	s.features = grown(s.features, kernels.Blocks(op.step.In.C)*n*kernels.Block)
	s.logits = grown(s.logits, kernels.Blocks(op.step.Out.C)*n*kernels.Block)
	s.runs = kernels.Runs(op.step.In.C, 0, n*kernels.Block*4)
}

// body is the operations that every picture passes by itself.
func (p *Plan) body() []operation {
	if p.classifier != nil {
		return p.operations[:len(p.operations)-1]
	}
	return p.operations
}

// batch runs every picture of in. Where there are at least as many pictures as
// workers, each worker takes its own through the whole plan, and nobody waits
// for anybody between operations; the rest is shared.
func (ws *Workspace) batch(in *tensor.Tensor) {
	n := in.Shape.N
	ws.in, ws.apart = in.Data, 0
	ws.results(n)
	if ws.team == nil {
		ws.apart = n
	} else if ws.tap == nil && ws.clock == nil {
		ws.apart = n - n%len(ws.workers)
	}
	ws.next.Store(0)
	switch {
	case ws.team == nil:
		ws.takePictures(ws.workers[0])
	case ws.apart > 0:
		for _, w := range ws.workers {
			ws.ownImage(w)
		}
		ws.team.do(ws.team.apart())
	}
	for i := ws.apart; i < n; i++ {
		ws.together(i)
	}
	ws.classify()
	ws.in, ws.workers[0].own.picture = nil, nil
}

// results makes room for those of n pictures.
func (ws *Workspace) results(n int) {
	p := ws.plan
	values := n * p.outputLen()
	ws.logits = slices.Grow(ws.logits[:0], values)[:values]
	if p.pooled != noBuffer {
		ws.pooled = slices.Grow(ws.pooled[:0], n*p.features.C)[:n*p.features.C]
	}
	if p.classifier != nil {
		ws.stack.fit(p.classifier, n)
	}
}

// ownImage lets the worker work on its own image, which it gets when it first
// needs one.
func (ws *Workspace) ownImage(w *worker) {
	if w.own == nil {
		w.own = &image{arena: ws.memory.Alloc(ws.plan.buffers.total)}
	}
	w.image, w.sharers = w.own, 1
}

// takePictures takes pictures through the plan until none is left.
func (ws *Workspace) takePictures(w *worker) {
	for {
		i := int(ws.next.Add(1)) - 1
		if i >= ws.apart {
			return
		}
		w.image.picture = ws.picture(i)
		for n, op := range ws.plan.body() {
			start := ws.now()
			w.whole(op)
			ws.done(n, start)
		}
		ws.keep(w.image, i)
	}
}

// together takes picture i through the plan with all workers.
func (ws *Workspace) together(i int) {
	first := ws.workers[0].own
	first.picture = ws.picture(i)
	for _, w := range ws.workers {
		w.image, w.sharers = first, len(ws.workers)
	}
	for n := range ws.plan.body() {
		start := ws.now()
		ws.team.do(n)
		ws.done(n, start)
	}
	ws.keep(first, i)
}

func (ws *Workspace) picture(i int) []float32 {
	size := ws.plan.resolution * ws.plan.resolution * 3
	return ws.in[i*size : (i+1)*size]
}

// keep takes a picture's results out of its image.
func (ws *Workspace) keep(im *image, i int) {
	p := ws.plan
	if p.pooled != noBuffer {
		features := p.buffers.of(im.arena, p.pooled)
		copy(ws.pooled[i*p.features.C:(i+1)*p.features.C], features)
		if p.classifier != nil {
			for b := range kernels.Blocks(p.features.C) {
				copy(ws.stack.features[(b*ws.stack.pictures+i)*kernels.Block:][:kernels.Block], features[b*kernels.Block:])
			}
		}
	}
	if p.classifier == nil {
		_, out := p.operations[len(p.operations)-1].outcome()
		n := p.outputLen()
		unblock(ws.logits[i*n:(i+1)*n], p.buffers.of(im.arena, out), p.output)
	}
}

// classify runs the classifier for the whole batch.
func (ws *Workspace) classify() {
	p := ws.plan
	if p.classifier == nil {
		return
	}
	last := len(p.operations) - 1
	start := ws.now()
	if ws.team != nil {
		ws.team.do(last)
	} else {
		ws.workers[0].whole(p.classifier)
	}
	ws.done(last, start)
	n := p.outputLen()
	for i := range ws.stack.pictures {
		logits := ws.logits[i*n : (i+1)*n]
		for b := range kernels.Blocks(n) {
			copy(logits[b*kernels.Block:], ws.stack.logits[(b*ws.stack.pictures+i)*kernels.Block:][:kernels.Block])
		}
		if ws.tap != nil {
			ws.tap(p.classifier.step, &tensor.Tensor{Shape: tensor.Shape{N: 1, H: 1, W: 1, C: n}, Data: slices.Clone(logits)})
		}
	}
}

// now is the time where somebody asks for it.
func (ws *Workspace) now() (t time.Time) {
	if ws.clock != nil {
		t = time.Now()
	}
	return t
}

// done reports that an operation has run on the image of the first worker.
func (ws *Workspace) done(i int, start time.Time) {
	if ws.clock != nil {
		ws.clock(i, time.Since(start))
	}
	if ws.tap != nil {
		if s, out := ws.plan.operations[i].outcome(); out != noBuffer {
			ws.tap(s, unblocked(ws.workers[0].buffer(out), s.Out))
		}
	}
}
