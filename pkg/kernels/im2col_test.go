package kernels

import (
	"fmt"
	"testing"

	"github.com/effnet/effnet/internal/testkit"
)

// tap is the naive im2col: what pixel y, x takes from its tap t.
func (r *StemRow) tap(y, x, t int) float32 {
	row, col := y*r.Stride-r.PadTop+t/9, x*r.Stride-r.PadLeft+t%9/3
	if row < 0 || row >= r.H || col < 0 || col >= r.W {
		return 0
	}
	return r.In[(row*r.W+col)*3+t%3]
}

func TestIm2col(t *testing.T) {
	random := testkit.NewRandom(15)
	in, out := testkit.Guard(t, 1<<13), testkit.Guard(t, 1<<14)
	var place placement
	for _, stride := range []int{1, 2} {
		for _, pad := range []int{0, 1} { // "same" pads one or none at the top by the size, "symmetric" one
			for h := 1; h <= 13; h++ {
				for _, w := range []int{1, 2, 3, 4, 7, 12, 33, 64} {
					r := &StemRow{In: place.next().in(in, h*w*3), H: h, W: w, Stride: stride, PadTop: pad, PadLeft: pad}
					random.Fill(r.In)
					cols := (w + stride - 1) / stride
					for y := range (h + stride - 1) / stride {
						dst := place.next().in(out, 2*cols*Block)
						random.Fill(dst)
						r.Im2col(dst, y, cols)
						checkIm2col(t, r, dst, y, cols)
					}
				}
			}
		}
	}
}

func checkIm2col(t *testing.T, r *StemRow, dst []float32, y, cols int) {
	t.Helper()
	for x := range cols {
		for tap := range 2 * Block {
			var want float32
			if tap < StemTaps {
				want = r.tap(y, x, tap)
			}
			if got := dst[(tap/Block*cols+x)*Block+tap%Block]; got != want {
				t.Fatalf("%s, row %d, pixel %d, tap %d: %v, want %v",
					fmt.Sprintf("%d×%d stride %d pad %d", r.H, r.W, r.Stride, r.PadTop), y, x, tap, got, want)
			}
		}
	}
}
