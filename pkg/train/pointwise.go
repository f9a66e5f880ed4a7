package train

import "github.com/effnet/effnet/pkg/kernels"

// pointwise is a 1×1 convolution with a frozen norm or a bias, an activation
// and perhaps a residual: out = act(scale·W·in + offset) + residual. A fully
// connected layer is one over maps of one pixel.
//
// Its three products run on the same kernels: Y = X·W, dX = dY·Wᵀ and
// dW = Xᵀ·dY, the last with pixels as k.
type pointwise struct {
	in, out  *volume
	residual *volume // added to the output, or nil
	act      kernels.Activation
	weight   *Parameter
	bias     *Parameter // nil where there is a norm
	norm     *norm      // nil where there is a bias

	pre            []float32       // what SiLU was given
	matrix, turned *kernels.Matrix // packed W and Wᵀ, the norm's scale inside
	outer          *outer
	turnInput      bool // the input's channels are the product's rows
	inRuns         []kernels.Run
	outRuns        []kernels.Run
	pixels         int // of the batch that the runs are for
}

// init makes the matrices, once in and out are known.
func (l *pointwise) init(set *kernels.Set) {
	cols := max(l.out.pixels(), 1) * usualBatch
	l.matrix = allocated(set.NewMatrix(l.out.c, l.in.c, cols))
	if !l.in.noGrad {
		l.turned = allocated(set.NewMatrix(l.in.c, l.out.c, cols))
	}
	// The fewer channels are transposed.
	if l.turnInput = l.in.c < l.out.c; l.turnInput {
		l.outer = newOuter(set, l.in.c, l.out.c)
	} else {
		l.outer = newOuter(set, l.out.c, l.in.c)
	}
}

// usualBatch is the pictures for whose number tiles are chosen; bits do not
// depend on it.
const usualBatch = 16

func allocated(m *kernels.Matrix) *kernels.Matrix {
	m.Data, m.Bias = kernels.Alloc(m.Values()), kernels.Alloc(kernels.Blocks(m.N)*kernels.Block)
	return m
}

func (l *pointwise) reserve(p *pass, memory *kernels.Memory, n int) {
	if l.act == kernels.SiLU {
		l.pre = memory.Alloc(l.out.values(n))
	}
	l.outer.reserve(&p.outer, n*l.out.pixels())
}

func (l *pointwise) pack() []func() {
	work := []func(){func() {
		packPointwise(l.matrix, l.weight.Value, l.in.c, l.norm)
		if l.norm != nil {
			copy(l.matrix.Bias, l.norm.offset)
		} else {
			copy(l.matrix.Bias, l.bias.Value)
		}
	}}
	if l.turned != nil {
		work = append(work, func() { packTurned(l.turned, l.weight.Value, l.in.c, 1, 0, l.norm) })
	}
	return work
}

// resize prepares for the pictures of the pass.
func (l *pointwise) resize(p *pass) {
	n := p.n * l.out.pixels()
	if l.pixels == n {
		return
	}
	l.pixels = n
	l.inRuns = kernels.Runs(l.in.c, 0, n*kernels.Block*4)
	l.outRuns = kernels.Runs(l.out.c, 0, n*kernels.Block*4)
	l.outer.resize(n)
}

// product is one matrix product over all pixels of the batch.
type product struct {
	matrix   *kernels.Matrix
	runs     []kernels.Run
	in, out  []float32
	residual []float32 // nil: none
	act      kernels.Activation
	final    []float32 // what SiLU gives of out, or nil
}

// inputBudget is how many values of the input a task should read, so that they
// stay in the cache over all panels.
const inputBudget = 256 << 10 / 4

// run computes the product over a number of pixels. Neighbouring tasks share
// their input.
func (x *product) run(p *pass, pixels int) {
	panels := x.matrix.Panels
	unit := x.matrix.TileRows
	size := max(1, inputBudget/x.matrix.K/unit) * unit
	chunks := (pixels + size - 1) / size
	p.team.run(chunks*len(panels), func(w *worker, task int) {
		first, panel := task/len(panels)*size, panels[task%len(panels)]
		n := min(size, pixels-first)
		offset := (panel.First*pixels + first) * kernels.Block
		a := &w.gemm
		a.Input(kernels.At(x.in, first*kernels.Block), x.runs)
		a.C, a.CStride = kernels.At(x.out, offset), pixels*kernels.Block*4
		a.Residual, a.Act = nil, x.act
		if x.residual != nil {
			a.Residual = kernels.At(x.residual, offset)
		}
		p.set.GEMM(a, x.matrix, panel, 1, n, 0, 0)
		if x.final != nil {
			for v := range panel.Vecs {
				at := offset + v*pixels*kernels.Block
				p.activate(w, kernels.SiLU, x.final[at:][:n*kernels.Block], x.out[at:][:n*kernels.Block])
			}
		}
	})
}

func (l *pointwise) forward(p *pass) {
	l.resize(p)
	x := product{matrix: l.matrix, runs: l.inRuns, in: l.in.data, out: l.out.data, act: l.act}
	if l.residual != nil {
		x.residual = l.residual.data
	}
	if l.act == kernels.SiLU {
		x.act, x.out, x.final = kernels.None, l.pre, l.out.data
	}
	x.run(p, l.pixels)
}

func (l *pointwise) backward(p *pass) {
	p.slopes(l.act, l.out, l.pre)
	if l.bias != nil {
		l.biasGrad(p)
	}
	l.weightGrad(p)
	if l.in.noGrad {
		return
	}
	x := product{matrix: l.turned, runs: l.outRuns, in: l.out.grad, out: l.in.grad}
	if l.in.addend != nil {
		x.residual = l.in.addend.grad
	}
	x.run(p, l.pixels)
}

func (l *pointwise) weightGrad(p *pass) {
	rows, cols := l.out.grad, l.in.data
	if l.turnInput {
		rows, cols = cols, rows
	}
	l.outer.turn(p, rows)
	l.outer.multiply(p, func(dst []float32, panel kernels.Panel, first, n int) {
		packPixels(dst, cols, panel, l.pixels, first, n)
	})
	if l.turnInput {
		l.outer.addCols(p, l.weight.Grad, l.norm)
	} else {
		l.outer.addRows(p, l.weight.Grad, 1, l.norm)
	}
}

// packPixels is the packer of maps as they lie, [C/16][pixels][16].
func packPixels(dst, from []float32, panel kernels.Panel, pixels, first, n int) {
	width := panel.Vecs * kernels.Block
	for v := range panel.Vecs {
		src := from[((panel.First+v)*pixels+first)*kernels.Block:][:n*kernels.Block]
		for i := range n {
			*(*vector)(dst[i*width+v*kernels.Block:]) = *(*vector)(src[i*kernels.Block:])
		}
	}
}

// biasGrad adds the gradient's sums over all pixels.
func (l *pointwise) biasGrad(p *pass) {
	p.team.run(l.out.blocks(), func(w *worker, b int) {
		sums := w.panel[:kernels.Block]
		v := &w.vector
		v.X, v.N = kernels.At(l.out.grad, b*l.pixels*kernels.Block), l.pixels
		v.Out, v.Scale = kernels.At(sums, 0), 1
		p.set.Sum(v)
		dst := l.bias.Grad[b*kernels.Block : min((b+1)*kernels.Block, l.out.c)]
		for i := range dst {
			dst[i] += sums[i]
		}
	})
}
