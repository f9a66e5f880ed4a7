package model

import (
	"unsafe"

	"github.com/effnet/effnet/pkg/kernels"
)

// expanded makes rows by a pointwise convolution.
type expanded struct {
	step    Step
	in      bufferID
	weights *kernels.Matrix
	runs    []kernels.Run
}

func (c *compiler) expand(s Step) (source, []kernels.Panel) {
	e := &expanded{step: s, in: c.input(s.In)}
	e.weights = c.matrix(s.Out.C, s.In.C, s.Out.W)
	e.runs = s.In.runs()
	c.later(func() { e.weights.Pack(c.folded(s)) })
	return e, e.weights.Panels
}

func (e *expanded) rows(w *worker, p kernels.Panel, row, n int, dst unsafe.Pointer, rowBytes, planeBytes int) {
	in := e.step.In
	a := &w.gemm
	a.Input(kernels.At(w.buffer(e.in), row*in.W*kernels.Block), e.runs)
	a.C, a.CStride = dst, planeBytes
	a.Residual, a.Act = nil, e.step.Activation
	w.set.GEMM(a, e.weights, p, n, in.W, in.W*kernels.Block*4, rowBytes)
}

// stem makes rows by the first convolution, from the picture itself.
type stem struct {
	step    Step
	weights *kernels.Matrix
	runs    []kernels.Run
}

func (c *compiler) stem(s Step) (source, []kernels.Panel) {
	e := &stem{step: s, runs: kernels.Runs(kernels.StemTaps, 0, s.Out.W*kernels.Block*4)}
	e.weights = c.matrix(s.Out.C, kernels.StemTaps, s.Out.W)
	c.later(func() { e.weights.Pack(c.folded(s)) })
	return e, e.weights.Panels
}

// patchBlocks is the channel blocks of the stem's im2col.
const patchBlocks = (kernels.StemTaps + kernels.Block - 1) / kernels.Block

func (e *stem) bind(ws *Workspace) {
	for _, w := range ws.workers {
		w.patches = kernels.Alloc(patchBlocks * e.step.Out.W * kernels.Block)
	}
}

func (e *stem) rows(w *worker, p kernels.Panel, row, n int, dst unsafe.Pointer, rowBytes, planeBytes int) {
	s := e.step
	w.stem = kernels.StemRow{
		In: w.image.picture, H: s.In.H, W: s.In.W, Stride: s.Stride, PadTop: s.PadTop, PadLeft: s.PadLeft,
	}
	a := &w.gemm
	for i := range n {
		w.stem.Im2col(w.patches, row+i, s.Out.W)
		a.Input(kernels.At(w.patches, 0), e.runs)
		a.C, a.CStride = unsafe.Add(dst, i*rowBytes), planeBytes
		a.Residual, a.Act = nil, s.Activation
		w.set.GEMM(a, e.weights, p, 1, s.Out.W, 0, 0)
	}
}

// stemConv is the first convolution by itself, where what follows is no
// depthwise convolution or where a block adds its output again. A task is a
// strip of output rows.
type stemConv struct {
	*stem
	panels []kernels.Panel
	out    bufferID
	strip  int // rows of a task
}

func (c *compiler) stemConv(s Step) {
	src, panels := c.stem(s)
	op := &stemConv{stem: src.(*stem), panels: panels}
	op.strip = (s.Out.H + leastStrips - 1) / leastStrips
	op.out = c.output(s.Out)
	c.add(op)
}

func (op *stemConv) outcome() (Step, bufferID) { return op.step, op.out }

func (op *stemConv) tasks(int) int { return (op.step.Out.H + op.strip - 1) / op.strip }

func (op *stemConv) run(w *worker, task int) {
	out := op.step.Out
	row := task * op.strip
	n := min(op.strip, out.H-row)
	for _, p := range op.panels {
		dst := kernels.At(w.buffer(op.out), (p.First*out.Pixels()+row*out.W)*kernels.Block)
		op.stem.rows(w, p, row, n, dst, out.W*kernels.Block*4, out.Pixels()*kernels.Block*4)
	}
}

// copied takes rows as an earlier operation left them: the block has no
// expansion.
type copied struct {
	in bufferID
	m  Map
}

func (e *copied) rows(w *worker, p kernels.Panel, row, n int, dst unsafe.Pointer, rowBytes, planeBytes int) {
	in := w.buffer(e.in)
	width := e.m.W * kernels.Block
	for v := range p.Vecs {
		for i := range n {
			from := (p.First+v)*e.m.Pixels()*kernels.Block + (row+i)*width
			copy(unsafe.Slice((*float32)(unsafe.Add(dst, v*planeBytes+i*rowBytes)), width), in[from:from+width])
		}
	}
}
