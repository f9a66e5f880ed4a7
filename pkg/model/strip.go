package model

import (
	"unsafe"

	"github.com/effnet/effnet/pkg/kernels"
)

// strip is a depthwise convolution fused with what makes its input: the stem,
// an expansion, or a copy of a block's input. It works on a panel of channels
// and a strip of output rows at a time; the input rows of the strip stay in
// the worker's ring, padded left and right, and never reach memory.
type strip struct {
	depthwise Step
	source    source
	filter    *kernels.Filter
	panels    []kernels.Panel
	out       bufferID
	sums      bufferID // [C/16][strips][16] for squeeze-and-excitation, or noBuffer

	pitch     int // pixels of a ring row
	ringRows  int
	ringVecs  int // channel blocks of the widest panel
	stripRows int // output rows of a strip
	strips    int
}

// source fills rows of a ring.
type source interface {
	// rows writes n input rows from row on, panel p, to the ring: pixels from
	// dst on, rows rowBytes apart and channel blocks planeBytes apart.
	rows(w *worker, p kernels.Panel, row, n int, dst unsafe.Pointer, rowBytes, planeBytes int)
	// kernels names how.
	kernels(set *kernels.Set) string
}

// ringBudget is how many values a ring should hold at most: a part of any L2
// cache, and large enough that a call into a kernel is long.
const ringBudget = 128 << 10 / 4

func (c *compiler) strip(producer *Step, dw Step, squeezed bool) {
	op := &strip{depthwise: dw, sums: noBuffer}
	blocks := kernels.Blocks(dw.In.C)
	switch {
	case producer == nil:
		op.source = &copied{in: c.input(dw.In), m: dw.In}
		for b := 0; b < blocks; b += 2 {
			op.panels = append(op.panels, kernels.Panel{First: b, Vecs: min(2, blocks-b)})
		}
	case producer.Op == Stem:
		op.source, op.panels = c.stem(*producer)
	default:
		op.source, op.panels = c.expand(*producer)
	}
	for _, p := range op.panels {
		op.ringVecs = max(op.ringVecs, p.Vecs)
	}
	op.geometry()
	op.out = c.output(dw.Out)
	if squeezed {
		op.sums = c.buffers.add(kernels.Blocks(dw.Out.C)*kernels.Block*op.strips, c.now())
		c.outputs[sumsOf(dw.Out)] = op.sums
	}
	op.filter = kernels.NewFilter(c.plan.memory, dw.Out.C, dw.Kernel, dw.Stride)
	c.later(func() { op.filter.Pack(c.folded(dw)) })
	c.add(op)
}

// geometry sizes ring and strips.
func (op *strip) geometry() {
	dw := op.depthwise
	op.pitch = max(dw.PadLeft+dw.In.W, (dw.Out.W-1)*dw.Stride+dw.Kernel)
	rowsFor := func(out int) int { return min(dw.In.H, (out-1)*dw.Stride+dw.Kernel) }
	rows := dw.Out.H
	for rows > 1 && rowsFor(rows)*op.pitch*op.ringVecs*kernels.Block > ringBudget {
		rows--
	}
	op.strips = (dw.Out.H + rows - 1) / rows
	op.stripRows = (dw.Out.H + op.strips - 1) / op.strips
	op.strips = (dw.Out.H + op.stripRows - 1) / op.stripRows
	op.ringRows = rowsFor(op.stripRows)
}

func (op *strip) outcome() (Step, bufferID) { return op.depthwise, op.out }

func (op *strip) tasks(int) int { return len(op.panels) * op.strips }

// plane is the values of one channel block of the ring.
func (op *strip) plane() int { return op.ringRows * op.pitch * kernels.Block }

func (op *strip) bind(ws *Workspace) {
	ws.needRing(op.plane()*op.ringVecs, op.pitch*kernels.Block, (op.stripRows-1)*op.depthwise.Stride+op.depthwise.Kernel)
	if b, ok := op.source.(interface{ bind(*Workspace) }); ok {
		b.bind(ws)
	}
}

func (op *strip) run(w *worker, task int) {
	panel, index := task/op.strips, task%op.strips
	p := op.panels[panel]
	y0 := index * op.stripRows
	y1 := min(y0+op.stripRows, op.depthwise.Out.H)
	op.fill(w, panel, y0, y1)
	op.rowPtrs(w, 0, y0, y1)
	for v := range p.Vecs {
		if v > 0 {
			op.rowPtrs(w, v, y0, y1)
		}
		op.convolve(w, p.First+v, index, y0, y1)
	}
}

// fill brings the input rows of output rows y0 to y1 into the ring, except
// those that the strip before left there.
func (op *strip) fill(w *worker, panel, y0, y1 int) {
	dw := op.depthwise
	if w.ringOwner != op || w.ringSerial != w.serial {
		op.clearSides(w)
		w.ringOwner, w.ringSerial, w.ringPanel = op, w.serial, -1
	}
	row := max(0, y0*dw.Stride-dw.PadTop)
	if w.ringPanel == panel && w.ringNext >= row && w.ringStart <= row {
		row = w.ringNext
	} else {
		w.ringPanel, w.ringStart = panel, row
	}
	end := min(dw.In.H, (y1-1)*dw.Stride-dw.PadTop+dw.Kernel)
	for row < end {
		slot := row % op.ringRows
		n := min(end-row, op.ringRows-slot)
		dst := kernels.At(w.ring, (slot*op.pitch+dw.PadLeft)*kernels.Block)
		op.source.rows(w, op.panels[panel], row, n, dst, op.pitch*kernels.Block*4, op.plane()*4)
		row += n
	}
	w.ringNext = max(end, row)
	w.ringStart = max(w.ringStart, w.ringNext-op.ringRows)
}

func (op *strip) clearSides(w *worker) {
	dw := op.depthwise
	left, right := dw.PadLeft*kernels.Block, (dw.PadLeft+dw.In.W)*kernels.Block
	width := op.pitch * kernels.Block
	for r := range op.ringRows * op.ringVecs {
		row := w.ring[r*width : (r+1)*width]
		clear(row[:left])
		clear(row[right:])
	}
}

// rowPtrs lists the addresses of the input rows of output rows y0 to y1 in
// channel block v of the ring.
func (op *strip) rowPtrs(w *worker, v, y0, y1 int) {
	dw := op.depthwise
	first := y0*dw.Stride - dw.PadTop
	for i := range (y1-y0-1)*dw.Stride + dw.Kernel {
		row := first + i
		if row < 0 || row >= dw.In.H {
			w.rowPtrs[i] = kernels.At(w.zeros, 0)
		} else {
			w.rowPtrs[i] = kernels.At(w.ring, v*op.plane()+row%op.ringRows*op.pitch*kernels.Block)
		}
	}
}

func (op *strip) convolve(w *worker, block, index, y0, y1 int) {
	dw := op.depthwise
	set := w.set
	a := &w.depthwise
	a.RowPtrs = &w.rowPtrs[0]
	a.Out = kernels.At(w.buffer(op.out), (block*dw.Out.Pixels()+y0*dw.Out.W)*kernels.Block)
	a.OutStride = dw.Out.W * kernels.Block * 4
	a.Act = dw.Activation
	set.Depthwise(a, op.filter, block, y1-y0, dw.Out.W)
	v := &w.vector
	v.X, v.N = a.Out, (y1-y0)*dw.Out.W
	if dw.Activation == kernels.SiLU {
		set.Silu(v)
	}
	if op.sums != noBuffer {
		v.Out, v.Scale = kernels.At(w.buffer(op.sums), (block*op.strips+index)*kernels.Block), 1
		set.Sum(v)
	}
}
