package train

import (
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
)

// conv is a full k×k convolution with a frozen norm and an activation, the stem
// among them. Forward it is a matrix product on a padded picture, each tap from
// another pixel on; the gradient of its input is a product a tap, added up in
// such a picture; the gradient of its weights a product a tap over all pixels.
type conv struct {
	in, out        *volume
	act            kernels.Activation
	residual       *volume // added to the output, or nil
	weight         *Parameter
	norm           *norm
	kernel, stride int
	padTop, left   int

	channels int // of the input, padded for the kernels
	matrix   *kernels.Matrix
	turned   []*kernels.Matrix // by tap
	outer    *outer
	framed   frame // of a picture
	strip    int   // output rows of a task
	pre      []float32
	taps     []kernels.Run // of the strip's padded rows
	outRuns  []kernels.Run // of the output
	pixels   int           // of the batch that outRuns are for
}

// stripBudget is how many values of the padded input a task holds.
const stripBudget = 256 << 10 / 4

func newConv(set *kernels.Set, s model.Step, in, out *volume) *conv {
	l := &conv{
		in: in, out: out, act: s.Activation, kernel: s.Kernel, stride: s.Stride,
		padTop: s.PadTop, left: s.PadLeft, channels: (in.c + 3) / 4 * 4,
	}
	pitch := max(s.PadLeft+s.In.W, (s.Out.W-1)*s.Stride+s.Kernel)
	l.framed = frame{
		rows: (s.Out.H-1)*s.Stride + s.Kernel, pitch: (pitch + s.Stride - 1) / s.Stride * s.Stride,
		top: s.PadTop, left: s.PadLeft, step: 1, parts: s.Stride,
	}
	l.strip = s.Out.H
	for l.strip > 1 && l.stripFrame().values()*in.blocks() > stripBudget {
		l.strip--
	}
	l.taps = l.tapRuns()
	l.matrix = allocated(set.NewMatrix(out.c, l.channels*s.Kernel*s.Kernel, out.w))
	if !in.noGrad {
		for range s.Kernel * s.Kernel {
			l.turned = append(l.turned, allocated(set.NewMatrix(in.c, out.c, out.w)))
		}
	}
	l.outer = newOuter(set, out.c, in.c)
	return l
}

// stripFrame is the frame of a strip's input.
func (l *conv) stripFrame() frame {
	f := l.framed
	f.rows = (l.strip-1)*l.stride + l.kernel
	return f
}

// tapRuns lists where each tap's channels lie from the first pixel of a row.
func (l *conv) tapRuns() []kernels.Run {
	f := l.stripFrame()
	var runs []kernels.Run
	for i := range l.kernel {
		for j := range l.kernel {
			start := (i*f.pitch + f.column(j)) * kernels.Block * 4
			runs = append(runs, kernels.Runs(l.channels, start, f.values()*4)...)
		}
	}
	return runs
}

func (l *conv) reserve(p *pass, memory *kernels.Memory, n int) {
	if l.act == kernels.SiLU {
		l.pre = memory.Alloc(l.out.values(n))
	}
	l.outer.reserve(&p.outer, n*l.out.pixels())
	size := l.stripFrame().values()
	if !l.in.noGrad {
		size = l.framed.values()
	}
	p.team.needPadded(size*l.in.blocks(), 0)
}

func (l *conv) pack() []func() {
	taps := l.kernel * l.kernel
	work := []func(){func() {
		values := l.weight.Value
		if l.channels != l.in.c {
			values = widened(values, l.out.c, l.in.c*taps, l.channels*taps)
		}
		l.matrix.Pack(kernels.Weights{Values: values, Scale: l.norm.scale, Bias: l.norm.offset, Taps: taps})
	}}
	for t, m := range l.turned {
		work = append(work, func() { packTurned(m, l.weight.Value, l.in.c, taps, t, l.norm) })
	}
	return work
}

// widened pads rows of n values with zeros.
func widened(values []float32, rows, n, to int) []float32 {
	wide := make([]float32, rows*to)
	for i := range rows {
		copy(wide[i*to:], values[i*n:][:n])
	}
	return wide
}

func (l *conv) forward(p *pass) {
	strips := (l.out.h + l.strip - 1) / l.strip
	p.team.run(p.n*strips, func(w *worker, task int) {
		i, y := task/strips, task%strips*l.strip
		rows := min(l.strip, l.out.h-y)
		f := l.stripFrame()
		f.top -= y * l.stride
		for b := range l.in.blocks() {
			f.fill(w.padded[b*f.values():], l.in.planeOf(l.in.data, p.n, b, i), l.in.h, l.in.w)
		}
		for _, panel := range l.matrix.Panels {
			for r := range rows {
				l.row(p, w, f, panel, i, r, y+r)
			}
		}
	})
}

// row computes a panel of row y of picture i from row r of the strip on.
func (l *conv) row(p *pass, w *worker, f frame, panel kernels.Panel, i, r, y int) {
	stride := l.out.plane(p.n, 1, 0)
	offset := l.out.plane(p.n, panel.First, i) + y*l.out.w*kernels.Block
	to := l.out.data
	a := &w.gemm
	a.Act, a.Residual = l.act, nil
	if l.act == kernels.SiLU {
		to, a.Act = l.pre, kernels.None
	}
	a.Input(kernels.At(w.padded, r*l.stride*f.pitch*kernels.Block), l.taps)
	a.C, a.CStride = kernels.At(to, offset), stride*4
	if l.residual != nil {
		a.Residual = kernels.At(l.residual.data, offset)
	}
	p.set.GEMM(a, l.matrix, panel, 1, l.out.w, 0, 0)
	for v := range panel.Vecs {
		at := offset + v*stride
		p.activate(w, l.act, l.out.data[at:][:l.out.w*kernels.Block], to[at:][:l.out.w*kernels.Block])
	}
}

func (l *conv) backward(p *pass) {
	if n := p.n * l.out.pixels(); l.pixels != n {
		l.pixels = n
		l.outRuns = kernels.Runs(l.out.c, 0, n*kernels.Block*4)
		l.outer.resize(n)
	}
	p.slopes(l.act, l.out, l.pre)
	l.weightGrad(p)
	if !l.in.noGrad {
		p.team.run(p.n, func(w *worker, i int) { l.inputGrad(p, w, i) })
	}
}

// weightGrad takes a product a tap: the outputs' gradients are its rows, the
// inputs that the tap meets its columns.
func (l *conv) weightGrad(p *pass) {
	l.outer.turn(p, l.out.grad)
	taps := l.kernel * l.kernel
	for t := range taps {
		l.outer.multiply(p, func(dst []float32, panel kernels.Panel, first, n int) {
			for v := range panel.Vecs {
				for i := range n {
					to := (*vector)(dst[(i*panel.Vecs+v)*kernels.Block:])
					*to = l.tapInput(p, panel.First+v, first+i, t)
				}
			}
		})
		l.outer.addRows(p, l.weight.Grad[t:], taps, l.norm)
	}
}

// tapInput is the sixteen channels that tap t meets at an output pixel of the
// batch, zeros outside the picture.
func (l *conv) tapInput(p *pass, b, pixel, t int) vector {
	i, at := pixel/l.out.pixels(), pixel%l.out.pixels()
	y := at/l.out.w*l.stride - l.padTop + t/l.kernel
	x := at%l.out.w*l.stride - l.left + t%l.kernel
	if y < 0 || y >= l.in.h || x < 0 || x >= l.in.w {
		return vector{}
	}
	return vector(l.in.data[l.in.plane(p.n, b, i)+(y*l.in.w+x)*kernels.Block:])
}

// inputGrad adds up what every tap passes back to the padded picture i.
func (l *conv) inputGrad(p *pass, w *worker, i int) {
	f := l.framed
	clear(w.padded[:f.values()*l.in.blocks()])
	a := &w.gemm
	a.CStride, a.Act = f.values()*4, kernels.None
	height := max(1, callBudget/(l.out.w*l.out.c*kernels.Block*2))
	for t, m := range l.turned {
		start := (t/l.kernel*f.pitch + f.column(t%l.kernel)) * kernels.Block
		for _, panel := range m.Panels {
			for y := 0; y < l.out.h; y += height {
				a.Input(kernels.At(l.out.grad, l.out.plane(p.n, 0, i)+y*l.out.w*kernels.Block), l.outRuns)
				a.C = kernels.At(w.padded, panel.First*f.values()+start+y*l.stride*f.pitch*kernels.Block)
				a.Residual = a.C
				p.set.GEMM(a, m, panel, min(height, l.out.h-y), l.out.w, l.out.w*kernels.Block*4, l.stride*f.pitch*kernels.Block*4)
			}
		}
	}
	for b := range l.in.blocks() {
		plane := l.in.planeOf(l.in.grad, p.n, b, i)
		f.read(plane, w.padded[b*f.values():], l.in.h, l.in.w)
		if l.in.addend != nil {
			addTo(plane, l.in.planeOf(l.in.addend.grad, p.n, b, i))
		}
	}
}
