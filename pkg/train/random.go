package train

import "github.com/effnet/effnet/pkg/kernels"

// weyl is 2^64 divided by the golden ratio, the increment of splitmix64.
const weyl = 0x9E3779B97F4A7C15

// draw is a number in [0, 1) that seed, serial and index alone decide: by the
// finaliser of splitmix64 (Steele, Lea, Flood 2014), applied to each in turn.
func draw(seed, serial uint64, index int) float64 {
	z := mix(mix(mix(seed)+serial*weyl) + uint64(index)*weyl)
	return float64(z>>11) / (1 << 53)
}

func mix(z uint64) uint64 {
	z += weyl
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// dropout sets a share of the features to zero and divides the others by what
// is left, while training; otherwise it copies.
type dropout struct {
	in, out *volume // of one pixel
	share   float64
	factors []float32
}

func (l *dropout) reserve(_ *pass, memory *kernels.Memory, n int) {
	l.factors = memory.Alloc(l.in.values(n))
}

func (l *dropout) pack() []func() { return nil }

func (l *dropout) forward(p *pass) {
	p.team.run(l.in.blocks(), func(_ *worker, b int) {
		for i := range p.n {
			at := l.in.plane(p.n, b, i)
			for c := range kernels.Block {
				f := float32(1)
				if p.train && draw(p.seed, p.serial, i*l.in.c+b*kernels.Block+c) < l.share {
					f = 0
				} else if p.train {
					f = float32(1 / (1 - l.share))
				}
				l.factors[at+c] = f
				l.out.data[at+c] = l.in.data[at+c] * f
			}
		}
	})
}

func (l *dropout) backward(p *pass) {
	for i, d := range l.out.grad[:l.in.values(p.n)] {
		l.in.grad[i] = d * l.factors[i]
	}
}

// add is a residual by itself: out = branch·f + in, where f is 1, or with
// stochastic depth 0 for a share of the pictures and 1/(1−share) for the
// others, while training.
type add struct {
	branch, in, out *volume
	share           float64
	block           int // its number, which decides what is drawn
}

func (l *add) reserve(*pass, *kernels.Memory, int) {}

func (l *add) pack() []func() { return nil }

// maxBlocks is above the number of blocks of any network.
const maxBlocks = 1 << 12

func (l *add) factor(p *pass, i int) float32 {
	switch {
	case !p.train || l.share == 0:
		return 1
	case draw(p.seed, p.serial, -1-(i*maxBlocks+l.block)) < l.share:
		return 0
	}
	return float32(1 / (1 - l.share))
}

func (l *add) forward(p *pass) {
	l.each(p, func(i int, at, end int) {
		f := l.factor(p, i)
		out, branch, in := l.out.data[at:end], l.branch.data[at:end], l.in.data[at:end]
		for j := range out {
			out[j] = branch[j]*f + in[j]
		}
	})
}

// backward leaves the input's share to the layer that reads it, by addend.
func (l *add) backward(p *pass) {
	l.each(p, func(i int, at, end int) {
		f := l.factor(p, i)
		to := l.branch.grad[at:end]
		for j, d := range l.out.grad[at:end] {
			to[j] = d * f
		}
	})
}

// each calls f for the values of every plane.
func (l *add) each(p *pass, f func(i, at, end int)) {
	p.team.run(p.n*l.out.blocks(), func(_ *worker, task int) {
		b, i := task/p.n, task%p.n
		at := l.out.plane(p.n, b, i)
		f(i, at, at+l.out.pixels()*kernels.Block)
	})
}
