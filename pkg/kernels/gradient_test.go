package kernels

import (
	"fmt"
	"math"
	"testing"

	"github.com/effnet/effnet/internal/testkit"
)

// slopeMemory is memory for calls, one after the other.
type slopeMemory struct {
	d, x, s *testkit.Guarded
	place   placement
}

func newSlopeMemory(tb testing.TB) *slopeMemory {
	g := guards(tb, 3, 1<<16)
	return &slopeMemory{d: g[0], x: g[1], s: g[2]}
}

// run calls kernel on copies and returns the gradient.
func (m *slopeMemory) run(t *testing.T, kernel func(*SlopeArgs), d, x, s []float32) []float32 {
	t.Helper()
	gd, gx, gs := m.place.next().in(m.d, len(d)), m.place.next().in(m.x, len(d)), m.place.next().in(m.s, len(d))
	copy(gd, d)
	copy(gx, x)
	copy(gs, s)
	args := SlopeArgs{D: address(gd), X: address(gx), S: address(gs), N: len(d) / Block}
	if testkit.Faults(func() { kernel(&args) }) {
		t.Fatalf("%d vectors: touches memory that is not its own", args.N)
	}
	same(t, args.N, "X", gx, x)
	same(t, args.N, "S", gs, s)
	return gd
}

func proveReLU6Slope(t *testing.T, s *Set) int {
	m := newSlopeMemory(t)
	random := testkit.NewRandom(20)
	for _, n := range runs() {
		d, y, unused := random.Signeds(n*Block), random.Signeds(n*Block), random.Signeds(n*Block)
		want := append([]float32(nil), d...)
		for i := range y {
			y[i] = []float32{y[i] * 10, 0, 6, nan32, 3, 5.999, 1e-30, float32(math.Copysign(0, -1))}[random.IntN(8)]
			if !(y[i] > 0 && y[i] < 6) {
				want[i] = 0
			}
		}
		same(t, n, "D", m.run(t, s.ReLU6Slope, d, y, unused), want)
	}
	return 1
}

func proveSiLUSlope(t *testing.T, s *Set) int {
	m := newSlopeMemory(t)
	random := testkit.NewRandom(21)
	for _, n := range runs() {
		d, x, sigmoids := random.Signeds(n*Block), random.Signeds(n*Block), random.Signeds(n*Block)
		for i := range x {
			x[i] *= 20
			sigmoids[i] = float32(sigmoidExact(float64(x[i])))
		}
		got := m.run(t, s.SiLUSlope, d, x, sigmoids)
		for i := range got {
			sig, v := float64(sigmoids[i]), float64(x[i])
			want := float64(d[i]) * sig * (1 + v*(1-sig))
			bound := testkit.SumBound(6, 1, math.Abs(float64(d[i])*sig)*(1+math.Abs(v)))
			if !testkit.Within(got[i], want, bound) {
				t.Fatalf("%d vectors: at %v: %v, want %v ± %v", n, v, got[i], want, bound)
			}
		}
	}
	return 1
}

// filterGradShape is one call: rows × cols pixels of a gradient.
type filterGradShape struct {
	kernel, stride, rows, cols int
	skip                       int // values behind an input row
}

func (x filterGradShape) inRow() int  { return ((x.cols-1)*x.stride+x.kernel)*Block + x.skip }
func (x filterGradShape) inRows() int { return (x.rows-1)*x.stride + x.kernel }

// sums is the naive loop in float64, added to out.
func (x filterGradShape) sums(in, d, out []float32) (sum, abs []float64) {
	for t := range x.kernel * x.kernel {
		for c := range Block {
			s := float64(out[t*Block+c])
			a := math.Abs(s)
			for p := range x.rows * x.cols {
				row, col := p/x.cols*x.stride+t/x.kernel, p%x.cols*x.stride+t%x.kernel
				v := float64(in[row*x.inRow()+col*Block+c]) * float64(d[p*Block+c])
				s += v
				a += math.Abs(v)
			}
			sum, abs = append(sum, s), append(abs, a)
		}
	}
	return sum, abs
}

func proveFilterGrad(t *testing.T, s *Set) (n int) {
	g := guards(t, 3, 1<<14)
	random := testkit.NewRandom(22)
	var place placement
	for k := range s.filterGrad {
		for stride := range s.filterGrad[k] {
			if s.filterGrad[k][stride] == nil {
				continue
			}
			n++
			for i := range 40 {
				x := filterGradShape{kernel: k, stride: stride, rows: 1 + i%4, cols: 1 + i%9, skip: i % 3 * 5}
				in, d, out := random.Signeds(x.inRows()*x.inRow()-x.skip), random.Signeds(x.rows*x.cols*Block), random.Signeds(k*k*Block)
				gi, gd, gout := place.next().in(g[0], len(in)), place.next().in(g[1], len(d)), place.next().in(g[2], len(out))
				copy(gi, in)
				copy(gd, d)
				copy(gout, out)
				a := FilterGradArgs{In: address(gi), D: address(gd), Out: address(gout), InRow: x.inRow() * 4, Rows: x.rows, Cols: x.cols}
				if testkit.Faults(func() { s.FilterGrad(&a, k, stride) }) {
					t.Fatalf("%+v: touches memory that is not its own", x)
				}
				sum, abs := x.sums(in, d, out)
				for j := range sum {
					if bound := testkit.SumBound(1, x.rows*x.cols+1, abs[j]); !testkit.Within(gout[j], sum[j], bound) {
						t.Fatalf("%+v: Out[%d] = %v, a float64 loop gives %v ± %v", x, j, gout[j], sum[j], bound)
					}
				}
			}
		}
	}
	return n
}

// BenchmarkGradients times the kernels over a map of 7×7 pixels.
func BenchmarkGradients(b *testing.B) {
	const n = 49
	for _, s := range Sets() {
		d, x := constant(n*Block, 0), constant(11*11*Block*4, 1)
		slope := SlopeArgs{D: address(d), X: address(x), S: address(x), N: n}
		for name, kernel := range map[string]func(*SlopeArgs){"ReLU6": s.ReLU6Slope, "SiLU": s.SiLUSlope} {
			b.Run(fmt.Sprintf("%s/%s", s.Tier, name), func(b *testing.B) {
				for b.Loop() {
					kernel(&slope)
				}
				reportVectors(b, n)
			})
		}
		b.Run(fmt.Sprintf("%s/filter5x5", s.Tier), func(b *testing.B) {
			a := FilterGradArgs{In: address(x), D: address(d), Out: address(Alloc(25 * Block)), InRow: 11 * blockBytes, Rows: 7, Cols: 7}
			for b.Loop() {
				s.FilterGrad(&a, 5, 1)
			}
			reportFLOPS(b, n*25*Block)
		})
	}
}
