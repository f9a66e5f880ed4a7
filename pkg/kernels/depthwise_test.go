package kernels

import (
	"fmt"
	"math"
	"testing"
	"unsafe"

	"github.com/effnet/effnet/internal/testkit"
)

// depthwiseShape is the shape of one call. Of the input rows that it needs,
// the first top and the last bottom lie outside the picture.
type depthwiseShape struct {
	kernel, stride, mc, tiles, rows int
	top, bottom                     int
	colSkip, outSkip                int // values
}

func (x depthwiseShape) cols() int    { return x.tiles * x.mc }
func (x depthwiseShape) inRows() int  { return (x.rows-1)*x.stride + x.kernel }
func (x depthwiseShape) inWidth() int { return (x.cols()-1)*x.stride + x.kernel }
func (x depthwiseShape) out() image {
	return image{blocks: 1, rows: x.rows, cols: x.cols(), skip: x.outSkip}
}

// depthwiseData is the data of one call.
type depthwiseData struct {
	in   []float32 // [inRows][inWidth][16], zero outside the picture
	w    []float32 // [kernel·kernel][16]
	bias []float32 // [16]
}

func newDepthwiseData(r testkit.Random, x depthwiseShape) *depthwiseData {
	row := x.inWidth() * Block
	d := &depthwiseData{in: r.Signeds(x.inRows() * row), w: r.Signeds(x.kernel * x.kernel * Block), bias: r.Signeds(Block)}
	clear(d.in[:x.top*row])
	clear(d.in[len(d.in)-x.bottom*row:])
	return d
}

// sums is the naive loop in float64, as product.sums, [rows·cols][16].
func (d *depthwiseData) sums(x depthwiseShape) (sum, abs []float64) {
	for y := range x.rows {
		for col := range x.cols() {
			for c := range Block {
				s, m := float64(d.bias[c]), math.Abs(float64(d.bias[c]))
				for i := range x.kernel {
					for j := range x.kernel {
						at := (y*x.stride+i)*x.inWidth() + col*x.stride + j
						v := float64(d.in[at*Block+c]) * float64(d.w[(i*x.kernel+j)*Block+c])
						s += v
						m += math.Abs(v)
					}
				}
				sum, abs = append(sum, s), append(abs, m)
			}
		}
	}
	return sum, abs
}

// depthwiseMemory is memory for calls, one after the other; every input row
// has guard pages of its own.
type depthwiseMemory struct {
	rows                    []*testkit.Guarded
	zeros, ptrs, w, bias, c *testkit.Guarded
	place                   placement
}

func newDepthwiseMemory(tb testing.TB) *depthwiseMemory {
	g := guards(tb, 5, 1<<14)
	return &depthwiseMemory{rows: guards(tb, 16, 1<<12), zeros: g[0], ptrs: g[1], w: g[2], bias: g[3], c: g[4]}
}

// pointers lays out the input rows and the list of their addresses. Values
// before the first tap are canaries.
func (m *depthwiseMemory) pointers(x depthwiseShape, d *depthwiseData) *unsafe.Pointer {
	width := x.inWidth() * Block
	zeros := m.place.next().in(m.zeros, x.colSkip+width)
	clear(zeros)
	list := unsafe.Slice((*unsafe.Pointer)(address(m.ptrs.Last(x.inRows()*2))), x.inRows())
	for i := range list {
		if i < x.top || i >= x.inRows()-x.bottom {
			list[i] = address(zeros)
			continue
		}
		row := m.place.next().in(m.rows[i], x.colSkip+width)
		for j := range x.colSkip {
			row[j] = canary
		}
		copy(row[x.colSkip:], d.in[i*width:])
		list[i] = address(row)
	}
	return unsafe.SliceData(list)
}

// run lays d out, calls kernel, checks that it kept to its memory, and returns
// the output as [rows·cols][16].
func (m *depthwiseMemory) run(t *testing.T, kernel func(*DepthwiseArgs), x depthwiseShape, d *depthwiseData, act Activation) []float32 {
	t.Helper()
	out := x.out()
	c, w, bias := m.place.next().in(m.c, out.len()), m.place.next().in(m.w, len(d.w)), m.place.next().in(m.bias, Block)
	out.lay(c, nil, 0)
	copy(w, d.w)
	copy(bias, d.bias)
	args := DepthwiseArgs{
		RowPtrs: m.pointers(x, d), W: address(w), Bias: address(bias), Out: address(c),
		ColSkip: x.colSkip * 4, OutStride: out.row() * 4, Tiles: x.tiles, OutRows: x.rows,
		Act: act, MC: x.mc, Kernel: x.kernel, Stride: x.stride,
	}
	if testkit.Faults(func() { kernel(&args) }) {
		t.Fatalf("%+v %v: touches memory that is not its own", x, act)
	}
	if !out.spared(c) {
		t.Fatalf("%+v %v: writes between the rows of Out", x, act)
	}
	return out.read(c)
}

// depthwiseShapes calls f with every tail and every place in a picture.
func depthwiseShapes(k, stride, mc int, f func(depthwiseShape)) {
	x := depthwiseShape{kernel: k, stride: stride, mc: mc}
	for tiles := 1; tiles <= 3; tiles++ {
		for rows := 1; rows <= 3; rows++ {
			for edge := range 3 {
				x.tiles, x.rows = tiles, rows
				x.top, x.bottom = []int{0, k / 2, 0}[edge], []int{0, 0, k / 2}[edge]
				x.colSkip, x.outSkip = []int{0, Block, 7}[(tiles+edge)%3], []int{0, 3, Block}[(rows+edge)%3]
				f(x)
			}
		}
	}
	x.tiles, x.rows, x.top, x.bottom = 1, 1, k, 0
	f(x)
}

// eachFilter runs f as a subtest for every entry of the table and counts them.
func eachFilter(t *testing.T, s *Set, f func(t *testing.T, k, stride, mc int)) (n int) {
	for k := range s.depthwise {
		for stride := range s.depthwise[k] {
			for mc := range s.depthwise[k][stride] {
				if s.depthwise[k][stride][mc] != nil {
					n++
					t.Run(fmt.Sprintf("%dx%ds%dc%d", k, k, stride, mc), func(t *testing.T) { f(t, k, stride, mc) })
				}
			}
		}
	}
	return n
}

// The activations of a depthwise kernel: SiLU is its caller's.
var depthwiseActs = []Activation{None, ReLU6}

func proveDepthwise(t *testing.T, s *Set) int {
	m := newDepthwiseMemory(t)
	random := testkit.NewRandom(5)
	return eachFilter(t, s, func(t *testing.T, k, stride, mc int) {
		depthwiseShapes(k, stride, mc, func(x depthwiseShape) {
			d := newDepthwiseData(random, x)
			sum, abs := d.sums(x)
			for _, act := range depthwiseActs {
				got := m.run(t, s.depthwise[k][stride][mc], x, d, act)
				portable := m.run(t, depthwisePortable, x, d, act)
				for i := range got {
					want, bound := activated(act, sum[i], testkit.SumBound(1, k*k+1, abs[i]))
					if !testkit.Within(got[i], want, bound) {
						t.Fatalf("%+v %v: Out[%d] = %v, a float64 loop gives %v ± %v", x, act, i, got[i], want, bound)
					}
					if !testkit.Within(got[i], float64(portable[i]), 2*bound) {
						t.Fatalf("%+v %v: Out[%d] = %v, portable %v ± %v", x, act, i, got[i], portable[i], 2*bound)
					}
				}
			}
		})
	})
}

// Within a tier the bits do not depend on how a row is cut into tiles.
func TestDepthwiseTilesGiveEqualBits(t *testing.T) {
	for _, s := range Sets() {
		t.Run(string(s.Tier), func(t *testing.T) {
			m := newDepthwiseMemory(t)
			random := testkit.NewRandom(6)
			eachFilter(t, s, func(t *testing.T, k, stride, mc int) {
				x := depthwiseShape{kernel: k, stride: stride, mc: mc, tiles: 2, rows: 2}
				single := x
				single.mc, single.tiles = 1, 2*mc
				d := newDepthwiseData(random, x)
				for _, act := range depthwiseActs {
					got := m.run(t, s.depthwise[k][stride][mc], x, d, act)
					want := m.run(t, s.depthwise[k][stride][1], single, d, act)
					if same, at := testkit.SameBits(got, want); !same {
						t.Errorf("%v: Out[%d] differs from single columns", act, at)
					}
				}
			})
		})
	}
}

// A special input reaches the outputs whose window holds it, and no other.
func TestDepthwiseCarriesSpecialValues(t *testing.T) {
	for _, s := range Sets() {
		t.Run(string(s.Tier), func(t *testing.T) {
			m := newDepthwiseMemory(t)
			random := testkit.NewRandom(7)
			eachFilter(t, s, func(t *testing.T, k, stride, mc int) {
				x := depthwiseShape{kernel: k, stride: stride, mc: mc, tiles: 2, rows: 2}
				for _, put := range []func(*depthwiseData, float32){
					func(d *depthwiseData, v float32) { d.in[random.IntN(len(d.in))] = v },
					func(d *depthwiseData, v float32) { d.w[random.IntN(len(d.w))] = v },
					func(d *depthwiseData, v float32) { d.bias[random.IntN(len(d.bias))] = v },
				} {
					for _, v := range []float32{nan32, inf32, -inf32} {
						d := newDepthwiseData(random, x)
						put(d, v)
						sum, _ := d.sums(x)
						for _, act := range depthwiseActs {
							got := m.run(t, s.depthwise[k][stride][mc], x, d, act)
							for i := range got {
								want, _ := activated(act, sum[i], 0)
								if !testkit.SameKind(got[i], want) {
									t.Fatalf("%v, %v: Out[%d] = %v, want %v", v, act, i, got[i], want)
								}
							}
						}
					}
				}
			})
		})
	}
}

// padded is channel c of a picture with a border of zeros around it.
type padded struct {
	h, w, c, border int
	data            []float32 // [h][w][c]
}

func (p padded) at(y, x, c int) float64 {
	if y -= p.border; y < 0 || y >= p.h {
		return 0
	}
	if x -= p.border; x < 0 || x >= p.w {
		return 0
	}
	return float64(p.data[(y*p.w+x)*p.c+c])
}

// block lays out channel block b with the border's columns, and the addresses
// of the rows with the border's rows.
func (p padded) block(b int) []unsafe.Pointer {
	zeros := make([]float32, (p.w+2*p.border)*Block)
	rows := make([]unsafe.Pointer, p.h+2*p.border)
	for i := range rows {
		rows[i] = address(zeros)
	}
	for y := range p.h {
		row := make([]float32, len(zeros))
		for x := range p.w {
			for c := b * Block; c < min(p.c, (b+1)*Block); c++ {
				row[(x+p.border)*Block+c%Block] = p.data[(y*p.w+x)*p.c+c]
			}
		}
		rows[y+p.border] = address(row)
	}
	return rows
}

// A whole convolution, packed by Filter, over pictures whose width asks
// for mixed tiles and whose channels do not fill the last block.
func TestDepthwiseConvolution(t *testing.T) {
	random := testkit.NewRandom(8)
	for _, s := range Sets() {
		for _, k := range []int{3, 5} {
			for stride := 1; stride <= 2; stride++ {
				for size := 1; size <= 20; size++ {
					c := 1 + random.IntN(40)
					p := padded{h: 1 + size%5, w: size, c: c, border: k / 2, data: random.Signeds((1 + size%5) * size * c)}
					checkConvolution(t, s, random, p, k, stride)
				}
			}
		}
	}
}

func checkConvolution(t *testing.T, s *Set, random testkit.Random, p padded, k, stride int) {
	t.Helper()
	weights, bias := random.Signeds(p.c*k*k), random.Signeds(p.c)
	var memory Memory
	defer memory.Release()
	f := NewFilter(&memory, p.c, k, stride)
	f.Pack(Weights{Values: weights, Bias: bias, Taps: k * k})
	outRows, outCols := (p.h-1)/stride+1, (p.w-1)/stride+1
	out := image{blocks: 1, rows: outRows, cols: outCols, skip: 5}
	for b := range Blocks(p.c) {
		dst := make([]float32, out.len())
		out.lay(dst, nil, 0)
		rows := p.block(b)
		a := DepthwiseArgs{RowPtrs: unsafe.SliceData(rows), Out: address(dst), OutStride: out.row() * 4, Act: ReLU6}
		s.Depthwise(&a, f, b, outRows, outCols)
		if !out.spared(dst) || a.Out != address(dst) || a.RowPtrs != unsafe.SliceData(rows) {
			t.Fatalf("%s %d×%d stride %d over %d×%d: writes between rows or changes Out or RowPtrs", s.Tier, k, k, stride, p.h, p.w)
		}
		got := out.read(dst)
		for i := range got {
			pixel, c := i/Block, b*Block+i%Block
			var sum, abs float64
			if c < p.c {
				sum, abs = p.window(weights[c*k*k:][:k*k], bias[c], pixel/outCols*stride, pixel%outCols*stride, c, k)
			}
			want, bound := activated(ReLU6, sum, testkit.SumBound(1, k*k+1, abs))
			if !testkit.Within(got[i], want, bound) {
				t.Fatalf("%s %d×%d stride %d over %d×%d: channel %d of pixel %d is %v, want %v ± %v",
					s.Tier, k, k, stride, p.h, p.w, c, pixel, got[i], want, bound)
			}
		}
	}
}

// window is the naive sum of one output whose window begins at y, x.
func (p padded) window(w []float32, bias float32, y, x, c, k int) (sum, abs float64) {
	sum, abs = float64(bias), math.Abs(float64(bias))
	for i := range k {
		for j := range k {
			v := p.at(y+i, x+j, c) * float64(w[i*k+j])
			sum += v
			abs += math.Abs(v)
		}
	}
	return sum, abs
}
