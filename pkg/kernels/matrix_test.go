package kernels

import (
	"fmt"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/effnet/effnet/internal/testkit"
)

// convolution is a pointwise convolution of an image, as a plan asks for it.
type convolution struct {
	rows, cols, k, n int
	aSkip, cSkip     int // values between the rows of A and of C
	form             epilogue
}

// run packs the weights of p and computes all panels as a plan would; it
// returns C as [pixels][n].
func (x convolution) run(t *testing.T, s *Set, m *gemmMemory, p *product) []float32 {
	t.Helper()
	weights := make([]float32, x.n*x.k)
	for k := range x.k {
		for n := range x.n {
			weights[n*x.k+k] = p.b[k*x.n+n]
		}
	}
	matrix := s.NewMatrix(x.n, x.k, x.cols)
	var memory Memory
	defer memory.Release()
	matrix.Allocate(&memory)
	matrix.Pack(Weights{Values: weights, Bias: p.bias, Taps: 1})
	in := image{blocks: Blocks(x.k), rows: x.rows, cols: x.cols, skip: x.aSkip}
	out := image{blocks: Blocks(x.n), rows: x.rows, cols: x.cols, skip: x.cSkip}
	a, c := m.place.next().in(m.a, in.len()), m.place.next().in(m.c, out.len())
	in.lay(a, pad(p.a, x.k, in.channels()), in.channels())
	out.lay(c, pad(p.residual, x.n, out.channels()), out.channels())
	r := m.place.next().in(m.residual, out.len())
	copy(r, c)
	args := GEMMArgs{CStride: out.stride() * 4, Act: x.form.act}
	args.Input(address(a), Runs(x.k, 0, in.stride()*4))
	for _, panel := range matrix.Panels {
		args.C = At(c, panel.First*out.stride())
		switch x.form.residual {
		case inPlace:
			args.Residual = args.C
		case apart:
			args.Residual = At(r, panel.First*out.stride())
		}
		before := args
		if testkit.Faults(func() { s.GEMM(&args, matrix, panel, x.rows, x.cols, in.row()*4, out.row()*4) }) {
			t.Fatalf("%s %+v: touches memory that is not its own", s.Tier, x)
		}
		if args.A != before.A || args.C != before.C || args.Residual != before.Residual {
			t.Fatalf("%s %+v: changes A, C or Residual of its arguments", s.Tier, x)
		}
	}
	if !out.spared(c) {
		t.Fatalf("%s %+v: writes between the rows of C", s.Tier, x)
	}
	return x.unpad(t, s, out.read(c))
}

// pad widens rows of n values by zeros.
func pad(values []float32, n, to int) []float32 {
	out := make([]float32, len(values)/n*to)
	for i := range len(values) / n {
		copy(out[i*to:], values[i*n:][:n])
	}
	return out
}

// unpad drops the channels beyond n, which must be zero.
func (x convolution) unpad(t *testing.T, s *Set, c []float32) (out []float32) {
	t.Helper()
	width := Blocks(x.n) * Block
	for i := 0; i < len(c); i += width {
		for j, v := range c[i+x.n : i+width] {
			if v != 0 {
				t.Fatalf("%s %+v: channel %d beyond the last is %v", s.Tier, x, x.n+j, v)
			}
		}
		out = append(out, c[i:i+x.n]...)
	}
	return out
}

// check compares a tier's result with the float64 loop.
func (x convolution) check(t *testing.T, s *Set, m *gemmMemory, p *product, sum, abs []float64) {
	t.Helper()
	got := x.run(t, s, m, p)
	for i := range got {
		want, bound := x.form.outcome(x.k, sum[i], abs[i], p.residual[i])
		if !testkit.Within(got[i], want, bound) {
			t.Fatalf("%s %+v: C[%d] = %v, a float64 loop gives %v ± %v", s.Tier, x, i, got[i], want, bound)
		}
	}
}

// Whole products of every N and every tail of K and of a row, packed and cut
// into panels and tiles as in a plan.
func TestMatrix(t *testing.T) {
	m := newGEMMMemory(t)
	random := testkit.NewRandom(16)
	for n := 1; n <= 100; n++ {
		x := convolution{
			rows: 1 + n%3, cols: 1 + random.IntN(40), k: 1 + random.IntN(50), n: n,
			aSkip: n % 5, cSkip: n % 7, form: epilogues[n%len(epilogues)],
		}
		p := newProduct(random, x.rows*x.cols, x.k, n)
		sum, abs := p.sums()
		for _, s := range Sets() {
			x.check(t, s, m, p, sum, abs)
		}
	}
}

// The last link of the chain: gonum's BLAS in float64 against the naive loop,
// and in float32 against every tier.
func TestGEMMAgainstBLAS(t *testing.T) {
	m := newGEMMMemory(t)
	random := testkit.NewRandom(17)
	for i := range 40 {
		x := convolution{rows: 1, cols: 1 + i*3%50, k: 1 + i*7%97, n: 1 + i*5%83, form: epilogue{None, without}}
		if i == 0 {
			x.cols, x.k, x.n = 49, 1152, 100
		}
		p := newProduct(random, x.cols, x.k, x.n)
		sum, abs := p.sums()
		wide, narrow := p.blas64(), p.blas32()
		for j := range sum {
			if !(abs64(wide[j]-sum[j]) <= float64(x.k+1)*0x1p-52*abs[j]) {
				t.Fatalf("%+v: the naive loop gives C[%d] = %v, BLAS in float64 %v", x, j, sum[j], wide[j])
			}
		}
		for _, s := range Sets() {
			got := x.run(t, s, m, p)
			for j := range got {
				if bound := testkit.SumBound(2, x.k+1, abs[j]); !testkit.Within(got[j], float64(narrow[j]), bound) {
					t.Fatalf("%s %+v: C[%d] = %v, BLAS %v ± %v", s.Tier, x, j, got[j], narrow[j], bound)
				}
			}
		}
	}
}

func abs64(x float64) float64 { return max(x, -x) }

// blas64 is bias + A·B by gonum in float64.
func (p *product) blas64() []float64 {
	c := make([]float64, 0, p.pixels*p.n)
	for range p.pixels {
		c = append(c, widen(p.bias)...)
	}
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1,
		blas64.General{Rows: p.pixels, Cols: p.k, Stride: p.k, Data: widen(p.a)},
		blas64.General{Rows: p.k, Cols: p.n, Stride: p.n, Data: widen(p.b)},
		1, blas64.General{Rows: p.pixels, Cols: p.n, Stride: p.n, Data: c})
	return c
}

// blas32 is bias + A·B by gonum in float32.
func (p *product) blas32() []float32 {
	c := make([]float32, 0, p.pixels*p.n)
	for range p.pixels {
		c = append(c, p.bias...)
	}
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1,
		blas32.General{Rows: p.pixels, Cols: p.k, Stride: p.k, Data: p.a},
		blas32.General{Rows: p.k, Cols: p.n, Stride: p.n, Data: p.b},
		1, blas32.General{Rows: p.pixels, Cols: p.n, Stride: p.n, Data: c})
	return c
}

func widen(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// Panels cover every channel block once, in order, and have tiles for every
// way in which a row is cut.
func TestPanels(t *testing.T) {
	for _, s := range Sets() {
		for _, cols := range []int{1, 2, 3, 7, 8, 9, 14, 15, 20, 28, 49, 56, 75, 112, 150} {
			for n := 1; n <= 330; n += 7 {
				m := s.NewMatrix(n, 5, cols)
				block, offset, tallest := 0, 0, 0
				for _, p := range m.Panels {
					rows := s.tileRows(p.Vecs)
					tallest = max(tallest, rows)
					if p.First != block || p.Offset != offset || rows == 0 {
						t.Fatalf("%s: n %d, cols %d: panel %+v at block %d, value %d", s.Tier, n, cols, p, block, offset)
					}
					if p.Vecs == 1 && m.Panels[0].Vecs > 1 && s.tileRows(3) >= lowRows {
						t.Errorf("%s: n %d, cols %d: one block is left alone", s.Tier, n, cols)
					}
					block += p.Vecs
					offset += p.Vecs * Block * m.K
				}
				if block != Blocks(n) || offset != m.Values() || tallest != m.TileRows {
					t.Fatalf("%s: n %d, cols %d: %d blocks, %d values of %d, %d rows of %d",
						s.Tier, n, cols, block, offset, m.Values(), tallest, m.TileRows)
				}
			}
		}
	}
}

// FuzzGEMM takes the shape of a product from bytes and holds every tier to the
// float64 loop.
func FuzzGEMM(f *testing.F) {
	f.Add(uint8(0), uint8(0), uint8(0), uint8(0), uint8(0), uint8(0), uint64(1))
	f.Add(uint8(1), uint8(13), uint8(26), uint8(31), uint8(3), uint8(2), uint64(2))
	f.Add(uint8(2), uint8(48), uint8(239), uint8(79), uint8(1), uint8(5), uint64(3))
	f.Add(uint8(0), uint8(6), uint8(15), uint8(63), uint8(7), uint8(6), uint64(4))
	f.Fuzz(func(t *testing.T, rows, cols, k, n, skip, form uint8, seed uint64) {
		x := convolution{
			rows: 1 + int(rows)%4, cols: 1 + int(cols)%64, k: 1 + int(k), n: 1 + int(n)%128,
			aSkip: int(skip) % 16, cSkip: int(skip) / 16, form: epilogues[int(form)%len(epilogues)],
		}
		m := newGEMMMemory(t)
		m.place = placement(seed % 9)
		p := newProduct(testkit.NewRandom(seed), x.rows*x.cols, x.k, x.n)
		sum, abs := p.sums()
		for _, s := range Sets() {
			x.check(t, s, m, p, sum, abs)
		}
	})
}

func (e epilogue) String() string { return fmt.Sprintf("%v with residual %s", e.act, e.residual) }
