package kernels

import (
	"fmt"
	"math"
	"testing"

	"github.com/effnet/effnet/internal/testkit"
)

// product is the data of one call of a matrix kernel.
type product struct {
	pixels, k, n int
	dead         int       // columns at the end that are no outputs: zero
	a            []float32 // [pixels][k]
	b            []float32 // [k][n]
	bias         []float32 // [n]
	residual     []float32 // [pixels][n]
}

func newProduct(r testkit.Random, pixels, k, n int) *product {
	return &product{
		pixels: pixels, k: k, n: n,
		a: r.Signeds(pixels * k), b: r.Signeds(k * n), bias: r.Signeds(n), residual: r.Signeds(pixels * n),
	}
}

// cleared clears the weights and biases of the columns that a tile does not
// compute.
func (p *product) cleared(x gemmTile) *product {
	if x.half {
		p.dead = Block / 2
	}
	for j := p.n - p.dead; j < p.n; j++ {
		p.bias[j] = 0
		for k := range p.k {
			p.b[k*p.n+j] = 0
		}
	}
	return p
}

// sums is the naive loop in float64: bias plus products, and the sum of their
// magnitudes, [pixels][n].
func (p *product) sums() (sum, abs []float64) {
	sum, abs = make([]float64, p.pixels*p.n), make([]float64, p.pixels*p.n)
	for i := range p.pixels {
		s, m := sum[i*p.n:][:p.n], abs[i*p.n:][:p.n]
		for j, v := range p.bias {
			s[j], m[j] = float64(v), math.Abs(float64(v))
		}
		for k, x := range p.a[i*p.k:][:p.k] {
			for j, w := range p.b[k*p.n:][:p.n] {
				v := float64(x) * float64(w)
				s[j] += v
				m[j] += math.Abs(v)
			}
		}
		clear(s[p.n-p.dead:])
		clear(m[p.n-p.dead:])
	}
	return sum, abs
}

// epilogue is what follows the sums, and where a residual lies.
type epilogue struct {
	act      Activation
	residual residual
}

type residual string

const (
	without residual = "without" // nil
	apart   residual = "apart"   // memory of its own
	inPlace residual = "inPlace" // C
)

// epilogues are all the combinations of the contract.
var epilogues = []epilogue{
	{None, without}, {None, apart}, {None, inPlace},
	{ReLU6, without}, {ReLU6, apart}, {ReLU6, inPlace},
	{SiLU, without}, {SiLU, apart},
}

// outcome is want and bound of one value.
func (e epilogue) outcome(k int, sum, abs float64, r float32) (want, bound float64) {
	want, bound = activated(e.act, sum, testkit.SumBound(1, k+1, abs))
	if e.residual != without {
		want += float64(r)
		bound += testkit.Epsilon * (math.Abs(want) + bound)
	}
	return want, bound
}

// gemmShape is the shape of one call.
type gemmShape struct {
	vecs, mr, k, tiles, rows int
	aSkip, cSkip, gap        int // values between rows and blocks
}

func (x gemmShape) pixels() int { return x.rows * x.tiles * x.mr }

func (x gemmShape) a() image {
	return image{blocks: Blocks(x.k), rows: x.rows, cols: x.tiles * x.mr, skip: x.aSkip, gap: x.gap}
}

func (x gemmShape) c() image {
	return image{blocks: x.vecs, rows: x.rows, cols: x.tiles * x.mr, skip: x.cSkip, gap: x.gap}
}

// gemmMemory is memory for calls, one after the other.
type gemmMemory struct {
	a, b, c, bias, residual *testkit.Guarded
	place                   placement
}

func newGEMMMemory(tb testing.TB) *gemmMemory {
	g := guards(tb, 5, 1<<18)
	return &gemmMemory{a: g[0], b: g[1], c: g[2], bias: g[3], residual: g[4]}
}

// run lays p out, calls kernel, checks that it kept to its memory, and returns
// C as [pixels][n].
func (m *gemmMemory) run(t *testing.T, kernel func(*GEMMArgs), x gemmShape, p *product, e epilogue) []float32 {
	t.Helper()
	in := x.a()
	a := m.place.next().in(m.a, in.len())
	in.lay(a, p.a, p.k)
	return m.call(t, kernel, x, p, e, a, Runs(x.k, 0, in.stride()*4))
}

// call is run where a holds p.a already, its k in runs.
func (m *gemmMemory) call(t *testing.T, kernel func(*GEMMArgs), x gemmShape, p *product, e epilogue, a []float32, runs []Run) []float32 {
	t.Helper()
	out := x.c()
	b, bias, c := m.place.next().in(m.b, len(p.b)), m.place.next().in(m.bias, len(p.bias)), m.place.next().in(m.c, out.len())
	copy(b, p.b)
	copy(bias, p.bias)
	out.lay(c, p.residual, p.n)
	args := GEMMArgs{
		B: address(b), C: address(c), Bias: address(bias),
		CStride: out.stride() * 4, ASkip: x.aSkip * 4, CSkip: x.cSkip * 4,
		Tiles: x.tiles, Rows: x.rows, Act: e.act, MR: x.mr, Vecs: x.vecs,
	}
	args.Input(address(a), runs)
	switch e.residual {
	case inPlace:
		args.Residual = args.C
	case apart:
		r := m.place.next().in(m.residual, out.len())
		copy(r, c)
		args.Residual = address(r)
		out.lay(c, nil, 0)
	}
	if testkit.Faults(func() { kernel(&args) }) {
		t.Fatalf("%+v %v: touches memory that is not its own", x, e)
	}
	if !out.spared(c) {
		t.Fatalf("%+v %v: writes between the rows of C", x, e)
	}
	if same, at := testkit.SameBits(b, p.b); !same {
		t.Fatalf("%+v %v: changes B at %d", x, e, at)
	}
	return out.read(c)
}

// gemmShapes calls f with every tail of a tile.
func gemmShapes(v, r int, f func(gemmShape)) {
	for k := 4; k <= 40; k += 4 {
		f(gemmShape{vecs: v, mr: r, k: k, tiles: 1, rows: 1})
		f(gemmShape{vecs: v, mr: r, k: k, tiles: 3, rows: 3, aSkip: 5, cSkip: 7, gap: 3})
		if testing.Short() {
			continue
		}
		f(gemmShape{vecs: v, mr: r, k: k, tiles: 2, rows: 1, gap: 16})
		f(gemmShape{vecs: v, mr: r, k: k, tiles: 1, rows: 2, aSkip: 16, cSkip: 32})
	}
	f(gemmShape{vecs: v, mr: r, k: 240, tiles: 1, rows: 2, cSkip: 1})
	f(gemmShape{vecs: v, mr: r, k: 1152, tiles: 1, rows: 1})
}

// gemmTile is an entry of the tables.
type gemmTile struct {
	vecs, rows int
	half       bool
	kernel     func(*GEMMArgs)
}

func (x gemmTile) String() string {
	if x.half {
		return fmt.Sprintf("%dx%dHalf", x.vecs, x.rows)
	}
	return fmt.Sprintf("%dx%d", x.vecs, x.rows)
}

// gemmTiles lists the entries.
func gemmTiles(s *Set) (all []gemmTile) {
	for v := range s.gemm {
		for r := range s.gemm[v] {
			if f := s.gemm[v][r]; f != nil {
				all = append(all, gemmTile{v, r, false, f})
			}
			if f := s.gemmHalf[v][r]; f != nil {
				all = append(all, gemmTile{v, r, true, f})
			}
		}
	}
	return all
}

// eachTile runs f as a subtest for every entry of the tables.
func eachTile(t *testing.T, s *Set, f func(t *testing.T, tile gemmTile)) {
	for _, tile := range gemmTiles(s) {
		t.Run(tile.String(), func(t *testing.T) { f(t, tile) })
	}
}

func proveGEMM(t *testing.T, s *Set) int     { return proveTiles(t, s, false) }
func proveGEMMHalf(t *testing.T, s *Set) int { return proveTiles(t, s, true) }

func proveTiles(t *testing.T, s *Set, half bool) (n int) {
	m := newGEMMMemory(t)
	random := testkit.NewRandom(1)
	eachTile(t, s, func(t *testing.T, tile gemmTile) {
		if tile.half != half {
			return
		}
		n++
		gemmShapes(tile.vecs, tile.rows, func(x gemmShape) {
			p := newProduct(random, x.pixels(), x.k, tile.vecs*Block).cleared(tile)
			sum, abs := p.sums()
			for _, e := range epilogues {
				got := m.run(t, tile.kernel, x, p, e)
				portable := m.run(t, gemmPortable, x, p, e)
				for i := range got {
					want, bound := e.outcome(x.k, sum[i], abs[i], p.residual[i])
					if !testkit.Within(got[i], want, bound) {
						t.Fatalf("%+v %v: C[%d] = %v, a float64 loop gives %v ± %v", x, e, i, got[i], want, bound)
					}
					if !testkit.Within(got[i], float64(portable[i]), 2*bound) {
						t.Fatalf("%+v %v: C[%d] = %v, portable %v ± %v", x, e, i, got[i], portable[i], 2*bound)
					}
				}
			}
		})
	})
	return n
}

// columns is p with the n columns from first on.
func (p *product) columns(first, n int) *product {
	cut := func(matrix []float32) (out []float32) {
		for i := first; i < len(matrix); i += p.n {
			out = append(out, matrix[i:i+n]...)
		}
		return out
	}
	return &product{
		pixels: p.pixels, k: p.k, n: n,
		a: p.a, b: cut(p.b), bias: cut(p.bias), residual: cut(p.residual),
	}
}

// Within a tier the bits of a product do not depend on how it is cut into
// tiles, nor on where it lies.
func TestTilesGiveEqualBits(t *testing.T) {
	for _, s := range Sets() {
		t.Run(string(s.Tier), func(t *testing.T) {
			m := newGEMMMemory(t)
			random := testkit.NewRandom(2)
			eachTile(t, s, func(t *testing.T, tile gemmTile) {
				for _, k := range []int{4, 20, 240} {
					x := gemmShape{vecs: tile.vecs, mr: tile.rows, k: k, tiles: 2, rows: 1}
					p := newProduct(random, x.pixels(), k, tile.vecs*Block).cleared(tile)
					for _, e := range epilogues {
						got := m.run(t, tile.kernel, x, p, e)
						one := gemmShape{vecs: 1, mr: 1, k: k, tiles: 2 * tile.rows, rows: 1}
						for j := range tile.vecs {
							want := m.run(t, s.gemm[1][1], one, p.columns(j*Block, Block), e)
							q := &product{pixels: p.pixels, n: p.n, residual: got}
							if same, at := testkit.SameBits(q.columns(j*Block, Block).residual, want); !same {
								t.Errorf("%+v %v: block %d differs at %d from single pixels", x, e, j, at)
							}
						}
					}
				}
			})
		})
	}
}
