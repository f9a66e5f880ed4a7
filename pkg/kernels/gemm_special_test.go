package kernels

import (
	"math"
	"testing"

	"github.com/effnet/effnet/internal/testkit"
)

var (
	nan32 = float32(math.NaN())
	inf32 = float32(math.Inf(1))
)

// special is a value put somewhere into a product.
type special struct {
	name string
	put  func(r testkit.Random, p *product)
}

var specials = []special{
	{"NaN in A", func(r testkit.Random, p *product) { p.a[r.IntN(len(p.a))] = nan32 }},
	{"NaN in A times zero", func(r testkit.Random, p *product) {
		clear(p.b)
		p.a[r.IntN(len(p.a))] = nan32
	}},
	{"NaN in B", func(r testkit.Random, p *product) { p.b[r.IntN(len(p.b))] = nan32 }},
	{"NaN in bias", func(r testkit.Random, p *product) { p.bias[r.IntN(len(p.bias))] = nan32 }},
	{"NaN in residual", func(r testkit.Random, p *product) { p.residual[r.IntN(len(p.residual))] = nan32 }},
	{"+Inf in A", func(r testkit.Random, p *product) { p.a[r.IntN(len(p.a))] = inf32 }},
	{"-Inf in A", func(r testkit.Random, p *product) { p.a[r.IntN(len(p.a))] = -inf32 }},
	{"+Inf and -Inf in A", func(r testkit.Random, p *product) {
		row := r.IntN(p.pixels) * p.k
		p.a[row], p.a[row+p.k-1] = inf32, -inf32
	}},
	{"Inf in A times zero", func(r testkit.Random, p *product) {
		clear(p.b)
		p.a[r.IntN(len(p.a))] = inf32
	}},
	{"-Inf in bias", func(r testkit.Random, p *product) { p.bias[r.IntN(len(p.bias))] = -inf32 }},
	{"+Inf in residual", func(r testkit.Random, p *product) { p.residual[r.IntN(len(p.residual))] = inf32 }},
}

// NaN and infinity come out where, and only where, arithmetic in float64 has
// them, through every activation.
func TestGEMMCarriesSpecialValues(t *testing.T) {
	for _, s := range Sets() {
		t.Run(string(s.Tier), func(t *testing.T) {
			m := newGEMMMemory(t)
			random := testkit.NewRandom(3)
			eachTile(t, s, func(t *testing.T, tile gemmTile) {
				x := gemmShape{vecs: tile.vecs, mr: tile.rows, k: 20, tiles: 2, rows: 1}
				for _, special := range specials {
					p := newProduct(random, x.pixels(), x.k, tile.vecs*Block).cleared(tile)
					special.put(random, p)
					p.cleared(tile)
					sum, abs := p.sums()
					for _, e := range epilogues {
						got := m.run(t, tile.kernel, x, p, e)
						for i := range got {
							want, bound := e.outcome(x.k, sum[i], abs[i], p.residual[i])
							ok := testkit.Within(got[i], want, bound)
							if math.IsNaN(want) || math.IsInf(want, 0) {
								ok = testkit.SameKind(got[i], want)
							} else if math.IsInf(sum[i], 0) {
								ok = testkit.Within(got[i], want, 1e-6*math.Abs(want)+siluError(0))
							}
							if !ok {
								t.Fatalf("%s, %v: C[%d] = %v, want %v", special.name, e, i, got[i], want)
							}
						}
					}
				}
			})
		})
	}
}

// Products below the normal numbers are summed, not flushed to zero.
func TestGEMMKeepsDenormals(t *testing.T) {
	for _, s := range Sets() {
		t.Run(string(s.Tier), func(t *testing.T) {
			m := newGEMMMemory(t)
			random := testkit.NewRandom(4)
			eachTile(t, s, func(t *testing.T, tile gemmTile) {
				x := gemmShape{vecs: tile.vecs, mr: tile.rows, k: 8, tiles: 1, rows: 1}
				p := newProduct(random, x.pixels(), x.k, tile.vecs*Block).cleared(tile)
				clear(p.bias)
				clear(p.residual)
				for i := range p.a {
					p.a[i] *= 1e-30
				}
				for i := range p.b {
					p.b[i] *= 1e-10
				}
				sum, abs := p.sums()
				for _, e := range epilogues {
					if e.act == SiLU {
						continue
					}
					got := m.run(t, tile.kernel, x, p, e)
					for i := range got {
						want, bound := e.outcome(x.k, sum[i], abs[i], p.residual[i])
						if !testkit.Within(got[i], want, bound) || bound > 1e-43 {
							t.Fatalf("%v: C[%d] = %v, want %v ± %v", e, i, got[i], want, bound)
						}
					}
				}
			})
		})
	}
}
