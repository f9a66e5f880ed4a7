package kernels

// StemTaps is the number of inputs to one output of the first convolution:
// 3×3 pixels of three colours.
const StemTaps = 27

// rowTaps is the inputs of one row of the window.
const rowTaps = 9

// StemRow is one output row of the first convolution's im2col: a 3×3 window at
// the given stride over an NHWC picture of H rows of W pixels of three values.
type StemRow struct {
	In              []float32 // [H·W·3]
	H, W            int
	Stride          int
	PadTop, PadLeft int

	edge [rowTaps]float32 // taps that lie partly outside
}

// Im2col writes output row y, cols pixels wide, as channel blocks
// [2][cols][16]: the taps of a pixel in the order row, column, colour, then
// zeros. Taps outside the picture are zero.
func (r *StemRow) Im2col(dst []float32, y, cols int) {
	top := y*r.Stride - r.PadTop
	rows := [3][]float32{r.row(top), r.row(top + 1), r.row(top + 2)}
	for x := range cols {
		left := x*r.Stride - r.PadLeft
		lo := (*vector)(dst[x*Block:])
		hi := (*vector)(dst[(cols+x)*Block:])
		copyTaps((*[rowTaps]float32)(lo[:]), r.taps(rows[0], left))
		// The second row lies across both blocks.
		t := r.taps(rows[1], left)
		*(*quad)(lo[9:]) = *(*quad)(t[:])
		*(*quad)(lo[12:]) = *(*quad)(t[3:])
		hi[0], hi[1] = t[7], t[8]
		copyTaps((*[rowTaps]float32)(hi[2:]), r.taps(rows[2], left))
		hi[11] = 0
		*(*quad)(hi[12:]) = quad{}
	}
}

// quad is what the compiler copies in one instruction.
type quad = [4]float32

func copyTaps(dst, src *[rowTaps]float32) {
	*(*quad)(dst[:]) = *(*quad)(src[:])
	*(*quad)(dst[4:]) = *(*quad)(src[4:])
	dst[8] = src[8]
}

// row is a row of the picture, nil outside.
func (r *StemRow) row(i int) []float32 {
	if i < 0 || i >= r.H {
		return nil
	}
	return r.In[i*r.W*3 : (i+1)*r.W*3]
}

// taps is three pixels of a row from column left on. The array is valid until
// the next call.
func (r *StemRow) taps(row []float32, left int) *[rowTaps]float32 {
	if left >= 0 && (left+3)*3 <= len(row) {
		return (*[rowTaps]float32)(row[left*3:])
	}
	r.edge = [rowTaps]float32{}
	for j := range 3 {
		if x := left + j; x >= 0 && (x+1)*3 <= len(row) {
			copy(r.edge[j*3:j*3+3], row[x*3:])
		}
	}
	return &r.edge
}
