package kernels

// StemTaps is the number of inputs to one output of the first convolution:
// 3×3 pixels of three colours.
const StemTaps = 27

// StemRow is one output row of the first convolution's im2col: a 3×3 window at
// the given stride over an NHWC picture of H rows of W pixels of three values.
type StemRow struct {
	In              []float32 // [H·W·3]
	H, W            int
	Stride          int
	PadTop, PadLeft int
}

// Im2col writes output row y, cols pixels wide, as channel blocks
// [2][cols][16]: the taps of a pixel in the order row, column, colour, then
// zeros. Taps outside the picture are zero.
func (r *StemRow) Im2col(dst []float32, y, cols int) {
	lo, hi := dst[:cols*Block], dst[cols*Block:2*cols*Block]
	top := y*r.Stride - r.PadTop
	var patch [2 * Block]float32
	for x := range cols {
		left := x*r.Stride - r.PadLeft
		for i := range 3 {
			row := top + i
			p := (*[9]float32)(patch[i*9:])
			switch {
			case row < 0 || row >= r.H:
				*p = [9]float32{}
			case left >= 0 && left+3 <= r.W:
				*p = [9]float32(r.In[(row*r.W+left)*3:])
			default:
				r.edge(p, row, left)
			}
		}
		*(*vector)(lo[x*Block:]) = vector(patch[:Block])
		*(*vector)(hi[x*Block:]) = vector(patch[Block:])
	}
}

func (r *StemRow) edge(p *[9]float32, row, left int) {
	*p = [9]float32{}
	for j := range 3 {
		if x := left + j; x >= 0 && x < r.W {
			copy(p[j*3:j*3+3], r.In[(row*r.W+x)*3:])
		}
	}
}
