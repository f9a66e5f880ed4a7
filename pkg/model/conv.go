package model

import "github.com/effnet/effnet/pkg/kernels"

// conv is a full k×k convolution as a matrix product on the activations as
// they lie: for every tap the product starts at another pixel. Rows of the
// input are copied to the worker's ring, padded and, at stride 2, parted into
// even and odd columns, so that the pixels of a tile follow each other at
// every tap. A task is a strip of output rows.
type conv struct {
	step     Step
	weights  *kernels.Matrix
	in, out  bufferID
	residual bufferID
	runs     []kernels.Run

	pitch     int // pixels of a ring row
	ringRows  int
	stripRows int
	strips    int
}

// convBudget is how many values of the input a strip should hold: with the
// weights of a panel they stay in any L2 cache.
const convBudget = 256 << 10 / 4

// leastStrips leaves work for several threads on small maps too.
const leastStrips = 8

func (c *compiler) conv(s Step) {
	op := &conv{step: s, in: c.input(s.In), residual: noBuffer}
	if s.Residual != nil {
		op.residual = c.input(*s.Residual)
	}
	op.weights = c.matrix(s.Out.C, s.In.C*s.Kernel*s.Kernel, s.Out.W)
	op.geometry()
	op.runs = op.taps()
	op.out = c.output(s.Out)
	c.later(func() { op.weights.Pack(c.folded(s)) })
	c.add(op)
}

func (op *conv) geometry() {
	s := op.step
	op.pitch = (s.Out.W-1)*s.Stride + s.Kernel
	op.pitch += op.pitch % s.Stride // whole columns of every parity
	op.stripRows, op.ringRows = convStrip(s, op.pitch*kernels.Blocks(s.In.C)*kernels.Block)
	op.strips = (s.Out.H + op.stripRows - 1) / op.stripRows
}

// convStrip gives the output rows of a strip, and the input rows that these
// take, of which the ring holds rowValues each.
func convStrip(s Step, rowValues int) (out, in int) {
	inputs := func(rows int) int { return (rows-1)*s.Stride + s.Kernel }
	out = (s.Out.H + leastStrips - 1) / leastStrips
	for out > 1 && inputs(out)*rowValues > convBudget {
		out--
	}
	return out, inputs(out)
}

// column is where the ring keeps input column x of a row, counted with padding.
func (op *conv) column(x int) int {
	stride := op.step.Stride
	return x%stride*(op.pitch/stride) + x/stride
}

// taps lists where each tap's channels lie from the first pixel of a row.
func (op *conv) taps() []kernels.Run {
	s := op.step
	var runs []kernels.Run
	for i := range s.Kernel {
		for j := range s.Kernel {
			start := (i*op.pitch + op.column(j)) * kernels.Block * 4
			runs = append(runs, kernels.Runs(s.In.C, start, op.plane()*4)...)
		}
	}
	return runs
}

// plane is the values of one channel block of the ring.
func (op *conv) plane() int { return op.ringRows * op.pitch * kernels.Block }

func (op *conv) outcome() (Step, bufferID) { return op.step, op.out }

func (op *conv) tasks(int) int { return op.strips }

func (op *conv) bind(ws *Workspace) {
	for _, w := range ws.workers {
		w.ring = grown(w.ring, op.plane()*kernels.Blocks(op.step.In.C))
	}
}

func (op *conv) run(w *worker, task int) {
	w.ringOwner = nil
	y0 := task * op.stripRows
	n := min(op.stripRows, op.step.Out.H-y0)
	op.fill(w, y0, n)
	for _, p := range op.weights.Panels {
		for y := range n {
			op.row(w, p, y, y0+y)
		}
	}
}

// row computes a panel of output row y from the ring's row ringRow on.
func (op *conv) row(w *worker, p kernels.Panel, ringRow, y int) {
	out := op.step.Out
	offset := (p.First*out.Pixels() + y*out.W) * kernels.Block
	a := &w.gemm
	a.Input(kernels.At(w.ring, ringRow*op.step.Stride*op.pitch*kernels.Block), op.runs)
	a.C, a.CStride = kernels.At(w.buffer(op.out), offset), out.Pixels()*kernels.Block*4
	a.Residual, a.Act = nil, op.step.Activation
	if op.residual != noBuffer {
		a.Residual = kernels.At(w.buffer(op.residual), offset)
	}
	w.set.GEMM(a, op.weights, p, 1, out.W, 0, 0)
}

// fill copies the input rows of n output rows from y0 on to the ring.
func (op *conv) fill(w *worker, y0, n int) {
	s := op.step
	in := w.buffer(op.in)
	width := op.pitch * kernels.Block
	for b := range kernels.Blocks(s.In.C) {
		for r := range (n-1)*s.Stride + s.Kernel {
			dst := w.ring[b*op.plane()+r*width:][:width]
			row := y0*s.Stride - s.PadTop + r
			if row < 0 || row >= s.In.H {
				clear(dst)
				continue
			}
			src := in[(b*s.In.Pixels()+row*s.In.W)*kernels.Block:][:s.In.W*kernels.Block]
			op.copyRow(dst, src)
		}
	}
}

// copyRow copies a row of pixels, with zeros left and right.
func (op *conv) copyRow(dst, src []float32) {
	s := op.step
	if s.Stride == 1 {
		left := s.PadLeft * kernels.Block
		clear(dst[:left])
		clear(dst[left+copy(dst[left:], src):])
		return
	}
	for x := range op.pitch {
		pixel := (*[kernels.Block]float32)(dst[op.column(x)*kernels.Block:])
		if from := x - s.PadLeft; from >= 0 && from < s.In.W {
			*pixel = [kernels.Block]float32(src[from*kernels.Block:])
		} else {
			*pixel = [kernels.Block]float32{}
		}
	}
}
