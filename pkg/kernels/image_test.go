package kernels

import (
	"math"
	"testing"
	"unsafe"

	"github.com/effnet/effnet/internal/testkit"
)

// canary marks memory that a kernel may neither use nor change: a NaN of its
// own, so that using it shows in a sum and changing it in the bits.
var canary = math.Float32frombits(0x7fc0ca11)

func isCanary(v float32) bool { return math.Float32bits(v) == math.Float32bits(canary) }

// image is how pixels lie in memory, [blocks][rows][cols][16], with skip
// values after a row and gap more after a block. The last row ends the memory.
type image struct{ blocks, rows, cols, skip, gap int }

func (g image) pixels() int   { return g.rows * g.cols }
func (g image) channels() int { return g.blocks * Block }

// row and stride count the values from a row or block to the next.
func (g image) row() int    { return g.cols*Block + g.skip }
func (g image) stride() int { return g.rows*g.row() + g.gap }

func (g image) len() int { return g.blocks*g.stride() - g.gap - g.skip }

func (g image) at(pixel, channel int) int {
	return channel/Block*g.stride() + pixel/g.cols*g.row() + pixel%g.cols*Block + channel%Block
}

// lay writes values [pixels][n] and canaries everywhere else, also in channels
// from n on.
func (g image) lay(dst, values []float32, n int) {
	for i := range dst {
		dst[i] = canary
	}
	for p := range g.pixels() {
		for c := range n {
			dst[g.at(p, c)] = values[p*n+c]
		}
	}
}

// read collects [pixels][channels].
func (g image) read(src []float32) []float32 {
	out := make([]float32, 0, g.pixels()*g.channels())
	for p := range g.pixels() {
		for b := range g.blocks {
			out = append(out, src[g.at(p, b*Block):][:Block]...)
		}
	}
	return out
}

// spared tells whether what lies between rows and blocks still holds canaries.
func (g image) spared(src []float32) bool {
	for b := range g.blocks {
		for y := range g.rows {
			end := b*g.stride() + y*g.row() + g.cols*Block
			next := end + g.skip
			if y == g.rows-1 {
				next += g.gap
			}
			for i := end; i < min(next, len(src)); i++ {
				if !isCanary(src[i]) {
					return false
				}
			}
		}
	}
	return true
}

// placement is where memory under test lies between its guard pages: 0 at the
// end, 1 at the start, from 2 on at an odd distance from the end, so that only
// four bytes are aligned.
type placement int

func (p placement) in(g *testkit.Guarded, n int) []float32 {
	switch p {
	case 0:
		return g.Last(n)
	case 1:
		return g.First(n)
	}
	return g.Slice(g.Cap()-n-int(p)*2+1, n)
}

// next goes round the placements.
func (p *placement) next() placement {
	*p = (*p + 1) % 9
	return *p
}

func address(s []float32) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

// guards returns memory for n values each.
func guards(tb testing.TB, count, n int) []*testkit.Guarded {
	tb.Helper()
	g := make([]*testkit.Guarded, count)
	for i := range g {
		g[i] = testkit.Guard(tb, n)
	}
	return g
}

// activated applies act in float64 and widens the bound of its input to that
// of its output.
func activated(act Activation, x, bound float64) (y, bounded float64) {
	switch act {
	case ReLU6:
		return math.Min(math.Max(x, 0), 6), bound
	case SiLU:
		return siluExact(x), 1.1*bound + siluError(x) // its slope is at most 1.1
	}
	return x, bound
}
