package kernels

import (
	"math"
	"testing"

	"github.com/effnet/effnet/internal/cpu"
	"github.com/effnet/effnet/internal/testkit"
)

// fma32 is x·y + z rounded once: the product of two float32 is exact in
// float64, and a float64 rounded to odd rounds to float32 as the exact sum
// would.
func fma32(x, y, z float32) float32 {
	p, a := float64(x)*float64(y), float64(z)
	sum := p + a
	b := sum - p
	lost := (p - (sum - b)) + (a - b)
	if bits := math.Float64bits(sum); lost != 0 && bits&1 == 0 {
		if (lost > 0) == (sum > 0) {
			bits++
		} else {
			bits--
		}
		sum = math.Float64frombits(bits)
	}
	return float32(sum)
}

func TestFMA32(t *testing.T) {
	const e = 0x1p-23
	tests := map[string]struct{ x, y, z, want float32 }{
		"exact":                 {3, 5, 7, 22},
		"the product's low end": {1 + e, 1 - e, -1, -e * e},
		"above a tie":           {e / 2, 1 + e, 1, 1 + e},
		"a tie":                 {e / 2, 1, 1, 1},
		"below a tie":           {e / 2, 1 - e, 1, 1},
		"a tie in float64 only": {e / 2 * (1 + e), 1 - e, 1 + e, 1 + e},
		"negative":              {-e / 2, 1 + e, -1, -1 - e},
	}
	for name, tt := range tests {
		if got := fma32(tt.x, tt.y, tt.z); got != tt.want {
			t.Errorf("%s: %v·%v + %v = %v, want %v", name, tt.x, tt.y, tt.z, got, tt.want)
		}
	}
}

// fused lists the sets whose sums are fused by contract; the portable set's are
// where the compiler likes to.
func fused() (sets []*Set) {
	for _, s := range Sets() {
		if s.Tier != cpu.Generic {
			sets = append(sets, s)
		}
	}
	return sets
}

// Every tile of every tier of assembly has the bits of fused multiply-adds from
// the bias on, in the order of k.
func TestSumsAreFusedInOrder(t *testing.T) {
	for _, s := range fused() {
		t.Run(string(s.Tier), func(t *testing.T) {
			m := newGEMMMemory(t)
			random := testkit.NewRandom(21)
			eachTile(t, s, func(t *testing.T, tile gemmTile) {
				x := gemmShape{vecs: tile.vecs, mr: tile.rows, k: 52, tiles: 2, rows: 1}
				p := newProduct(random, x.pixels(), x.k, tile.vecs*Block).cleared(tile)
				want := make([]float32, p.pixels*p.n)
				for i := range want {
					want[i] = p.bias[i%p.n]
					for k := range p.k {
						want[i] = fma32(p.a[i/p.n*p.k+k], p.b[k*p.n+i%p.n], want[i])
					}
				}
				got := m.run(t, tile.kernel, x, p, epilogue{None, without})
				if same, at := testkit.SameBits(got, want); !same {
					t.Errorf("C[%d] = %v, fused %v", at, got[at], want[at])
				}
			})
		})
	}
}

// Every depthwise kernel has the bits of fused multiply-adds from the bias on,
// row after row of taps.
func TestTapsAreFusedInOrder(t *testing.T) {
	for _, s := range fused() {
		t.Run(string(s.Tier), func(t *testing.T) {
			m := newDepthwiseMemory(t)
			random := testkit.NewRandom(22)
			eachFilter(t, s, func(t *testing.T, k, stride, mc int) {
				x := depthwiseShape{kernel: k, stride: stride, mc: mc, tiles: 2, rows: 2}
				d := newDepthwiseData(random, x)
				got := m.run(t, s.depthwise[k][stride][mc], x, d, None)
				for i := range got {
					y, col, c := i/Block/x.cols(), i/Block%x.cols(), i%Block
					want := d.bias[c]
					for tap := range k * k {
						at := (y*stride+tap/k)*x.inWidth() + col*stride + tap%k
						want = fma32(d.in[at*Block+c], d.w[tap*Block+c], want)
					}
					if math.Float32bits(got[i]) != math.Float32bits(want) {
						t.Fatalf("Out[%d] = %v, fused %v", i, got[i], want)
					}
				}
			})
		})
	}
}
