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

	edge [9]float32 // taps that lie partly outside
}

// Im2col writes output row y, cols pixels wide, as channel blocks
// [2][cols][16]: the taps of a pixel in the order row, column, colour, then
// zeros. Taps outside the picture are zero.
func (r *StemRow) Im2col(dst []float32, y, cols int) {
	lo, hi := dst[:cols*Block], dst[cols*Block:2*cols*Block]
	for i := range 3 {
		row := y*r.Stride - r.PadTop + i
		var in []float32 // nil: all zeros
		if row >= 0 && row < r.H {
			in = r.In[row*r.W*3 : (row+1)*r.W*3]
		}
		for x := range cols {
			taps := r.taps(in, x*r.Stride-r.PadLeft)
			// Pixels are 16 and rows 9 values apart: row 1 lies across both
			// blocks.
			a, b := (*vector)(lo[x*Block:]), (*vector)(hi[x*Block:])
			switch i {
			case 0:
				*(*[9]float32)(a[:9]) = *taps
			case 1:
				*(*[7]float32)(a[9:]) = *(*[7]float32)(taps[:7])
				*(*[2]float32)(b[:2]) = *(*[2]float32)(taps[7:])
			case 2:
				*(*[9]float32)(b[2:11]) = *taps
				*(*[5]float32)(b[11:]) = [5]float32{}
			}
		}
	}
}

// taps is three pixels of a row from column left on. The array is valid until
// the next call.
func (r *StemRow) taps(in []float32, left int) *[9]float32 {
	if in != nil && left >= 0 && left+3 <= r.W {
		return (*[9]float32)(in[left*3:])
	}
	r.edge = [9]float32{}
	for j := range 3 {
		if x := left + j; in != nil && x >= 0 && x < r.W {
			copy(r.edge[j*3:j*3+3], in[x*3:])
		}
	}
	return &r.edge
}
