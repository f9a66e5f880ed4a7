package train

import (
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
)

// depthwise is a depthwise convolution with a frozen norm and an activation.
// Its gradient by the input is a depthwise convolution at stride 1 of the
// output's gradient, spread by the stride, with the filter turned around.
type depthwise struct {
	in, out        *volume
	act            kernels.Activation
	weight         *Parameter
	norm           *norm
	kernel, stride int

	filter, turned *kernels.Filter
	framed, spread frame     // of the input, and of the output's gradient
	pre            []float32 // what SiLU was given
	sums           []float32 // [N][C/16][k·k][16]: the weights' gradients
}

func newDepthwise(s model.Step, in, out *volume) *depthwise {
	k := s.Kernel
	l := &depthwise{
		in: in, out: out, act: s.Activation, kernel: k, stride: s.Stride,
		framed: frame{
			rows: (s.Out.H-1)*s.Stride + k, pitch: max(s.PadLeft+s.In.W, (s.Out.W-1)*s.Stride+k),
			top: s.PadTop, left: s.PadLeft, step: 1, parts: 1,
		},
		spread: frame{
			rows: s.In.H + k - 1, pitch: s.In.W + k - 1,
			top: k - 1 - s.PadTop, left: k - 1 - s.PadLeft, step: s.Stride, parts: 1,
		},
	}
	l.filter, l.turned = newFilter(in.c, k, s.Stride), newFilter(in.c, k, 1)
	return l
}

func newFilter(c, kernel, stride int) *kernels.Filter {
	return &kernels.Filter{
		C: c, Kernel: kernel, Stride: stride,
		Data: kernels.Alloc(kernels.Blocks(c) * kernel * kernel * kernels.Block),
		Bias: kernels.Alloc(kernels.Blocks(c) * kernels.Block),
	}
}

func (l *depthwise) reserve(p *pass, memory *kernels.Memory, n int) {
	if l.act == kernels.SiLU {
		l.pre = memory.Alloc(l.out.values(n))
	}
	l.sums = memory.Alloc(n * l.in.blocks() * l.taps() * kernels.Block)
	p.team.needPadded(max(l.framed.values(), l.spread.values()), max(l.framed.rows, l.spread.rows))
}

func (l *depthwise) taps() int { return l.kernel * l.kernel }

func (l *depthwise) pack() []func() {
	return []func(){func() {
		taps := l.taps()
		l.filter.Pack(kernels.Weights{Values: l.weight.Value, Scale: l.norm.scale, Bias: l.norm.offset, Taps: taps})
		around := make([]float32, len(l.weight.Value))
		for i := range around {
			around[i] = l.weight.Value[i/taps*taps+taps-1-i%taps]
		}
		l.turned.Pack(kernels.Weights{Values: around, Scale: l.norm.scale, Taps: taps})
	}}
}

func (l *depthwise) forward(p *pass) {
	p.team.run(p.n*l.in.blocks(), func(w *worker, task int) {
		b, i := task/p.n, task%p.n
		l.framed.fill(w.padded, l.in.planeOf(l.in.data, p.n, b, i), l.in.h, l.in.w)
		out := l.out.planeOf(l.out.data, p.n, b, i)
		sums := out
		if l.act == kernels.SiLU {
			sums = l.out.planeOf(l.pre, p.n, b, i)
		}
		l.convolve(p, w, l.filter, b, l.framed, sums, l.out)
		p.activate(w, l.act, out, sums)
	})
}

// convolve applies channel block b of a filter to the padded plane. SiLU is
// left to the caller.
func (l *depthwise) convolve(p *pass, w *worker, f *kernels.Filter, b int, from frame, to []float32, out *volume) {
	a := &w.depthwise
	a.Act = kernels.None
	if f == l.filter && l.act == kernels.ReLU6 {
		a.Act = kernels.ReLU6
	}
	a.OutStride = out.w * kernels.Block * 4
	for i := range from.rows {
		w.rowPtrs[i] = kernels.At(w.padded, i*from.pitch*kernels.Block)
	}
	height := l.height(out)
	for y := 0; y < out.h; y += height {
		a.RowPtrs, a.Out = &w.rowPtrs[y*f.Stride], kernels.At(to, y*out.w*kernels.Block)
		p.set.Depthwise(a, f, b, min(height, out.h-y), out.w)
	}
}

// height is how many output rows one call may take.
func (l *depthwise) height(out *volume) int {
	return max(1, callBudget/(out.w*l.taps()*kernels.Block))
}

func (l *depthwise) backward(p *pass) {
	p.team.run(p.n*l.in.blocks(), func(w *worker, task int) {
		b, i := task/p.n, task%p.n
		grad, out := l.out.planeOf(l.out.grad, p.n, b, i), l.out.planeOf(l.out.data, p.n, b, i)
		var pre []float32
		if l.act == kernels.SiLU {
			pre = l.out.planeOf(l.pre, p.n, b, i)
		}
		p.slope(w, l.act, grad, out, pre)
		l.weightGrad(p, w, b, i, grad)
		if !l.in.noGrad {
			l.inputGrad(p, w, b, i, grad)
		}
	})
	l.addSums(p)
}

func (l *depthwise) inputGrad(p *pass, w *worker, b, i int, grad []float32) {
	l.spread.fill(w.padded, grad, l.out.h, l.out.w)
	to := l.in.planeOf(l.in.grad, p.n, b, i)
	l.convolve(p, w, l.turned, b, l.spread, to, l.in)
	if l.in.addend != nil {
		addTo(to, l.in.planeOf(l.in.addend.grad, p.n, b, i))
	}
}

// weightGrad sums the gradient of the weights over one plane.
func (l *depthwise) weightGrad(p *pass, w *worker, b, i int, grad []float32) {
	l.framed.fill(w.padded, l.in.planeOf(l.in.data, p.n, b, i), l.in.h, l.in.w)
	size := l.taps() * kernels.Block
	sums := l.sums[(i*l.in.blocks()+b)*size:][:size]
	clear(sums)
	a := &w.filterGrad
	a.Out, a.InRow, a.Cols = kernels.At(sums, 0), l.framed.pitch*kernels.Block*4, l.out.w
	height := l.height(l.out)
	for y := 0; y < l.out.h; y += height {
		a.In = kernels.At(w.padded, y*l.stride*l.framed.pitch*kernels.Block)
		a.D, a.Rows = kernels.At(grad, y*l.out.w*kernels.Block), min(height, l.out.h-y)
		p.set.FilterGrad(a, l.kernel, l.stride)
	}
}

// addSums adds the pictures' gradients of the weights in order.
func (l *depthwise) addSums(p *pass) {
	blocks, taps := l.in.blocks(), l.taps()
	p.team.run(l.in.c, func(_ *worker, c int) {
		for t := range taps {
			sum := float32(0)
			for i := range p.n {
				sum += l.sums[((i*blocks+c/kernels.Block)*taps+t)*kernels.Block+c%kernels.Block]
			}
			l.weight.Grad[c*taps+t] += float32(float64(sum) * l.norm.scale[c])
		}
	})
}
