package train

import (
	"fmt"
	"math"
	"testing"

	"github.com/effnet/effnet/internal/testkit"
	"github.com/effnet/effnet/pkg/kernels"
)

// blockedRandom is [C/16][pixels][16] random values, zeros beyond c channels.
func blockedRandom(r testkit.Random, c, pixels int) []float32 {
	values := kernels.Alloc(kernels.Blocks(c) * pixels * kernels.Block)
	for i := range values {
		if i/kernels.Block/pixels*kernels.Block+i%kernels.Block < c {
			values[i] = r.Signed()
		}
	}
	return values
}

// A product over pixels is the naive loop in float64, for numbers of pixels
// that fill no group, chunk or slot, in both orders of the result, and comes on
// top of what is there.
func TestOuterEqualsFloat64(t *testing.T) {
	random := testkit.NewRandom(30)
	for _, set := range kernels.Sets() {
		for _, c := range []struct{ rows, cols, pixels int }{
			{8, 24, 1}, {24, 8, 15}, {40, 3, 257}, {5, 72, 300}, {17, 33, 8191}, {24, 40, 8193}, {8, 8, 13000}, {3, 5, 70000},
		} {
			t.Run(fmt.Sprintf("%s/%d×%d/%d", set.Tier, c.rows, c.cols, c.pixels), func(t *testing.T) {
				p := &pass{set: set, team: newTeam(2)}
				o := newOuter(set, c.rows, c.cols)
				o.reserve(&p.outer, c.pixels)
				o.resize(c.pixels)
				rows, cols := blockedRandom(random, c.rows, c.pixels), blockedRandom(random, c.cols, c.pixels)
				o.turn(p, rows)
				o.multiply(p, func(dst []float32, panel kernels.Panel, first, n int) {
					packPixels(dst, cols, panel, c.pixels, first, n)
				})
				scale := &norm{scale: make([]float64, max(c.rows, c.cols))}
				for i := range scale.scale {
					scale.scale[i] = float64(random.Signed())
				}
				byRows, byCols := random.Signeds(c.rows*c.cols*2), random.Signeds(c.rows*c.cols)
				wasRows, wasCols := append([]float32(nil), byRows...), append([]float32(nil), byCols...)
				o.addRows(p, byRows, 2, scale)
				o.addCols(p, byCols, scale)
				for i := range c.rows {
					for j := range c.cols {
						sum, abs := 0.0, 0.0
						for k := range c.pixels {
							x := float64(rows[(i/kernels.Block*c.pixels+k)*kernels.Block+i%kernels.Block])
							y := float64(cols[(j/kernels.Block*c.pixels+k)*kernels.Block+j%kernels.Block])
							sum += x * y
							abs += math.Abs(x * y)
						}
						bound := testkit.SumBound(1, c.pixels, abs) + 1e-6
						at := (i*c.cols + j) * 2
						if want := float64(wasRows[at]) + sum*scale.scale[i]; !testkit.Within(byRows[at], want, bound) {
							t.Fatalf("by rows: [%d][%d] is %v, want %v ± %v", i, j, byRows[at], want, bound)
						}
						if byRows[at+1] != wasRows[at+1] {
							t.Fatalf("by rows: [%d][%d] writes between its values", i, j)
						}
						at = j*c.rows + i
						if want := float64(wasCols[at]) + sum*scale.scale[j]; !testkit.Within(byCols[at], want, bound) {
							t.Fatalf("by columns: [%d][%d] is %v, want %v ± %v", i, j, byCols[at], want, bound)
						}
					}
				}
			})
		}
	}
}
