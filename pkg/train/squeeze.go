package train

import (
	"github.com/effnet/effnet/pkg/kernels"
)

// squeezeExcite multiplies every channel by a gate in (0, 1) that two small
// layers compute from all channels' means.
type squeezeExcite struct {
	in, out        *volume
	means, hidden  *volume // [C/16][N][1][16]
	gates          *volume
	reduce, expand *pointwise
}

// newSqueezeExcite makes the layer; weights and biases are still to be set.
func newSqueezeExcite(in, out *volume, hidden int, act kernels.Activation) *squeezeExcite {
	l := &squeezeExcite{in: in, out: out}
	l.means = &volume{h: 1, w: 1, c: in.c}
	l.hidden = &volume{h: 1, w: 1, c: hidden}
	l.gates = &volume{h: 1, w: 1, c: in.c}
	l.reduce = &pointwise{in: l.means, out: l.hidden, act: act}
	l.expand = &pointwise{in: l.hidden, out: l.gates}
	return l
}

func (l *squeezeExcite) reserve(p *pass, memory *kernels.Memory, n int) {
	for _, m := range []*volume{l.means, l.hidden, l.gates} {
		m.data, m.grad = memory.Alloc(m.values(n)), memory.Alloc(m.values(n))
	}
	l.reduce.reserve(p, memory, n)
	l.expand.reserve(p, memory, n)
}

func (l *squeezeExcite) pack() []func() { return append(l.reduce.pack(), l.expand.pack()...) }

func (l *squeezeExcite) forward(p *pass) {
	means(p, l.in, l.means)
	l.reduce.forward(p)
	l.expand.forward(p)
	p.team.run(l.gates.blocks(), func(w *worker, b int) {
		w.vector.X, w.vector.N = kernels.At(l.gates.data, l.gates.plane(p.n, b, 0)), p.n
		p.set.Sigmoid(&w.vector)
	})
	p.team.run(p.n*l.in.blocks(), func(w *worker, task int) {
		b, i := task/p.n, task%p.n
		out := l.out.planeOf(l.out.data, p.n, b, i)
		copy(out, l.in.planeOf(l.in.data, p.n, b, i))
		w.vector.X, w.vector.N = kernels.At(out, 0), l.out.pixels()
		w.vector.Out = kernels.At(l.gates.data, l.gates.plane(p.n, b, i))
		p.set.Scale(&w.vector)
	})
}

// means writes the mean over all pixels of every picture and channel.
func means(p *pass, in, out *volume) {
	p.team.run(p.n*in.blocks(), func(w *worker, task int) {
		b, i := task/p.n, task%p.n
		v := &w.vector
		v.X, v.N = kernels.At(in.data, in.plane(p.n, b, i)), in.pixels()
		v.Out, v.Scale = kernels.At(out.data, out.plane(p.n, b, i)), 1/float32(in.pixels())
		p.set.Sum(v)
	})
}

func (l *squeezeExcite) backward(p *pass) {
	p.team.run(p.n*l.in.blocks(), func(_ *worker, task int) {
		b, i := task/p.n, task%p.n
		gate := (*vector)(l.gates.planeOf(l.gates.data, p.n, b, i))
		grad := (*vector)(l.gates.planeOf(l.gates.grad, p.n, b, i))
		*grad = dot(l.out.planeOf(l.out.grad, p.n, b, i), l.in.planeOf(l.in.data, p.n, b, i))
		for c, s := range gate {
			grad[c] *= s * (1 - s)
		}
	})
	l.expand.backward(p)
	l.reduce.backward(p)
	if l.in.noGrad {
		return
	}
	share := 1 / float32(l.in.pixels())
	p.team.run(p.n*l.in.blocks(), func(_ *worker, task int) {
		b, i := task/p.n, task%p.n
		gate := (*vector)(l.gates.planeOf(l.gates.data, p.n, b, i))
		mean := vector(l.means.planeOf(l.means.grad, p.n, b, i))
		for c := range mean {
			mean[c] *= share
		}
		scaleAdd(l.in.planeOf(l.in.grad, p.n, b, i), l.out.planeOf(l.out.grad, p.n, b, i), gate, &mean)
	})
}

// dot is the sum of a·b over all pixels, by channel.
func dot(a, b []float32) (sum vector) {
	for i := 0; i+kernels.Block <= len(a); i += kernels.Block {
		x, y := (*vector)(a[i:]), (*vector)(b[i:])
		for c := range sum {
			sum[c] += x[c] * y[c]
		}
	}
	return sum
}

// scaleAdd writes src·scale + offset, by channel.
func scaleAdd(dst, src []float32, scale, offset *vector) {
	for i := 0; i+kernels.Block <= len(dst); i += kernels.Block {
		d, s := (*vector)(dst[i:]), (*vector)(src[i:])
		for c := range d {
			d[c] = s[c]*scale[c] + offset[c]
		}
	}
}

// pool is the mean over all pixels.
type pool struct{ in, out *volume }

func (l *pool) reserve(*pass, *kernels.Memory, int) {}

func (l *pool) pack() []func() { return nil }

func (l *pool) forward(p *pass) { means(p, l.in, l.out) }

func (l *pool) backward(p *pass) {
	share := 1 / float32(l.in.pixels())
	p.team.run(p.n*l.in.blocks(), func(_ *worker, task int) {
		b, i := task/p.n, task%p.n
		grad := vector(l.out.planeOf(l.out.grad, p.n, b, i))
		for c := range grad {
			grad[c] *= share
		}
		to := l.in.planeOf(l.in.grad, p.n, b, i)
		for x := 0; x < len(to); x += kernels.Block {
			*(*vector)(to[x:]) = grad
		}
	})
}
