package train

import "github.com/effnet/effnet/pkg/kernels"

// volume is a batch of activation maps, [C/16][N][H·W][16], and the loss'
// gradient by them.
type volume struct {
	h, w, c    int
	data, grad []float32
	// addend is the volume whose gradient comes on top of what the layer behind this
	// one passes back: the output of a block with a residual, or nil.
	addend *volume

	noGrad bool // nothing in front is trained
	slot   *gradSlot
}

func (m *volume) pixels() int { return m.h * m.w }

func (m *volume) blocks() int { return kernels.Blocks(m.c) }

// values is the size of data for n pictures.
func (m *volume) values(n int) int { return m.blocks() * kernels.Block * m.pixels() * n }

// plane is where channel block b of picture i begins among n.
func (m *volume) plane(n, b, i int) int { return (b*n + i) * m.pixels() * kernels.Block }

// vector is sixteen channels of a pixel.
type vector = [kernels.Block]float32

// planeOf is the pixels of channel block b of picture i, of data or grad.
func (m *volume) planeOf(values []float32, n, b, i int) []float32 {
	at := m.plane(n, b, i)
	return values[at : at+m.pixels()*kernels.Block]
}

// addTo adds src to dst, whole vectors.
func addTo(dst, src []float32) {
	for i := 0; i+kernels.Block <= len(dst); i += kernels.Block {
		d, s := (*vector)(dst[i:]), (*vector)(src[i:])
		for j := range d {
			d[j] += s[j]
		}
	}
}

// fill writes the NHWC pictures x [N, H, W, C] to the channel blocks of m.
func (m *volume) fill(t *team, x []float32, n int) {
	size := m.pixels() * m.c
	t.run(n*m.blocks(), func(_ *worker, task int) {
		b, i := task/n, task%n
		dst := m.planeOf(m.data, n, b, i)
		first := b * kernels.Block
		width := min(kernels.Block, m.c-first)
		for p := range m.pixels() {
			v := dst[p*kernels.Block:][:kernels.Block]
			clear(v[copy(v, x[i*size+p*m.c+first:][:width]):])
		}
	})
}

// gradSlot is memory that gradients share one after the other.
type gradSlot struct {
	values int // of one picture
	data   []float32
}

// gradPlanner gives volumes slots for their gradients, in the order of the
// backward pass.
type gradPlanner struct{ slots, free []*gradSlot }

// take finds the free slot that fits best, or grows the largest.
func (g *gradPlanner) take(m *volume) {
	need, best := m.values(1), -1
	for i, s := range g.free {
		if best < 0 || better(s.values, g.free[best].values, need) {
			best = i
		}
	}
	if best < 0 {
		g.slots = append(g.slots, &gradSlot{})
		g.free = append(g.free, g.slots[len(g.slots)-1])
		best = len(g.free) - 1
	}
	m.slot = g.free[best]
	m.slot.values = max(m.slot.values, need)
	g.free = append(g.free[:best], g.free[best+1:]...)
}

// better tells whether a slot of a values fits better than one of b.
func better(a, b, need int) bool {
	if (a >= need) != (b >= need) {
		return a >= need
	}
	return (a < b) == (a >= need)
}

func (g *gradPlanner) release(m *volume) { g.free = append(g.free, m.slot) }
