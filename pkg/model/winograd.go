package model

import "github.com/effnet/effnet/pkg/kernels"

// winograd is a 3×3 convolution at stride 1 by Winograd's minimal filtering
// along rows: pixels of a row are taken to their values at six points in place
// of four pixels, each point has a matrix product of its own over three rows,
// and the products are taken back. A task is a strip of output rows.
type winograd struct {
	step     Step
	weights  [kernels.WinogradPoints]*kernels.Matrix // alike but for their values
	in, out  bufferID
	residual bufferID
	runs     []kernels.Run

	tiles     int // of a row
	ringRows  int
	stripRows int
	strips    int
	groupRows int // output rows whose products are made together
}

// leastWinograd is the narrowest map for which products are saved that count.
const leastWinograd = 2 * kernels.WinogradTile

// byWinograd tells whether a convolution is computed by its products at points.
func byWinograd(s Step) bool {
	return s.Kernel == 3 && s.Stride == 1 && s.Out.W >= leastWinograd
}

// groupPixels is how many pixels fill the tiles of a product.
const groupPixels = 24

func (c *compiler) winograd(s Step) {
	op := &winograd{step: s, in: c.input(s.In), residual: noBuffer}
	if s.Residual != nil {
		op.residual = c.input(*s.Residual)
	}
	op.geometry()
	for p := range op.weights {
		op.weights[p] = c.matrix(s.Out.C, s.In.C*s.Kernel, op.groupRows*op.tiles)
	}
	for i := range s.Kernel {
		start := i * op.tiles * kernels.Block * 4
		op.runs = append(op.runs, kernels.Runs(s.In.C, start, kernels.WinogradPoints*op.plane()*4)...)
	}
	op.out = c.output(s.Out)
	c.later(func() {
		w := c.folded(s)
		for p, m := range op.weights {
			m.Pack(w.Winograd(p))
		}
	})
	c.add(op)
}

func (op *winograd) geometry() {
	s := op.step
	op.tiles = (s.Out.W + kernels.WinogradTile - 1) / kernels.WinogradTile
	op.stripRows, op.ringRows = convStrip(s, kernels.WinogradPoints*op.tiles*kernels.Blocks(s.In.C)*kernels.Block)
	op.strips = (s.Out.H + op.stripRows - 1) / op.stripRows
	op.groupRows = min(op.stripRows, (groupPixels+op.tiles-1)/op.tiles)
}

// plane is the values of one channel block at one point of the ring, which is
// [Cin/16][points][ringRows][tiles][16].
func (op *winograd) plane() int { return op.ringRows * op.tiles * kernels.Block }

// products is the values of one channel block of a group's products,
// [panel][points][groupRows][tiles][16].
func (op *winograd) products() int {
	return kernels.WinogradPoints * op.groupRows * op.tiles * kernels.Block
}

// padded is the pixels of a row that its tiles take.
func (op *winograd) padded() int {
	return op.tiles*kernels.WinogradTile + op.step.Kernel - 1
}

func (op *winograd) outcome() (Step, bufferID) { return op.step, op.out }

func (op *winograd) tasks(int) int { return op.strips }

func (op *winograd) bind(ws *Workspace) {
	vecs := 0
	for _, p := range op.weights[0].Panels {
		vecs = max(vecs, p.Vecs)
	}
	for _, w := range ws.workers {
		w.ring = grown(w.ring, kernels.WinogradPoints*op.plane()*kernels.Blocks(op.step.In.C))
		w.products = grown(w.products, vecs*op.products())
		w.pixels = grown(w.pixels, op.padded()*kernels.Block)
	}
}

func (op *winograd) run(w *worker, task int) {
	w.ringOwner = nil
	y0 := task * op.stripRows
	n := min(op.stripRows, op.step.Out.H-y0)
	op.fill(w, y0, n)
	for i := range op.weights[0].Panels {
		for y := 0; y < n; y += op.groupRows {
			op.group(w, i, y, y0+y, min(op.groupRows, n-y))
		}
	}
}

// fill takes the input rows of n output rows from y0 on to the ring.
func (op *winograd) fill(w *worker, y0, n int) {
	s := op.step
	in := w.buffer(op.in)
	a := &w.winograd
	a.Stride, a.Tiles = op.plane()*4, op.tiles
	left, width := s.PadLeft*kernels.Block, s.In.W*kernels.Block
	pixels := w.pixels[:op.padded()*kernels.Block]
	clear(pixels[:left])
	clear(pixels[left+width:])
	for b := range kernels.Blocks(s.In.C) {
		for r := range n + s.Kernel - 1 {
			ring := (b*kernels.WinogradPoints*op.ringRows + r) * op.tiles * kernels.Block
			row := y0 - s.PadTop + r
			if row < 0 || row >= s.In.H {
				for p := range kernels.WinogradPoints {
					clear(w.ring[ring+p*op.plane():][:op.tiles*kernels.Block])
				}
				continue
			}
			copy(pixels[left:left+width], in[(b*s.In.Pixels()+row*s.In.W)*kernels.Block:])
			a.In, a.Out = kernels.At(pixels, 0), kernels.At(w.ring, ring)
			w.set.WinogradInput(a)
		}
	}
}

// group computes panel i of n output rows, the first of them y and ringRow of
// the strip.
func (op *winograd) group(w *worker, i, ringRow, y, n int) {
	pixels := n * op.tiles
	panel := op.weights[0].Panels[i]
	a := &w.gemm
	a.CStride, a.Residual, a.Act = op.products()*4, nil, kernels.None
	for p, weights := range op.weights {
		a.Input(kernels.At(w.ring, p*op.plane()+ringRow*op.tiles*kernels.Block), op.runs)
		a.C = kernels.At(w.products, p*pixels*kernels.Block)
		w.set.GEMM(a, weights, panel, 1, pixels, 0, 0)
	}
	w.winograd.Stride = pixels * kernels.Block * 4
	for v := range panel.Vecs {
		for r := range n {
			products := w.products[v*op.products()+r*op.tiles*kernels.Block:]
			op.outputRow(w, products, panel.First+v, y+r)
		}
	}
}

// outputRow takes the products of a row in one channel block back to pixels.
func (op *winograd) outputRow(w *worker, products []float32, block, y int) {
	out := op.step.Out
	offset := (block*out.Pixels() + y*out.W) * kernels.Block
	whole := out.W / kernels.WinogradTile
	a := &w.winograd
	a.In, a.Out, a.Tiles, a.Act = kernels.At(products, 0), kernels.At(w.buffer(op.out), offset), whole, op.step.Activation
	w.set.WinogradOutput(a)
	if rest := out.W % kernels.WinogradTile; rest > 0 { // the next row is another task's
		a.In, a.Out, a.Tiles = kernels.At(products, whole*kernels.Block), kernels.At(w.pixels, 0), 1
		w.set.WinogradOutput(a)
		copy(w.buffer(op.out)[offset+whole*kernels.WinogradTile*kernels.Block:], w.pixels[:rest*kernels.Block])
	}
	v := &w.vector
	v.X, v.N = kernels.At(w.buffer(op.out), offset), out.W
	if op.step.Activation == kernels.SiLU {
		w.set.Silu(v)
	}
	if op.residual != noBuffer {
		v.Out = kernels.At(w.buffer(op.residual), offset)
		w.set.Add(v)
	}
}
