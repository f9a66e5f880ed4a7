package kernels

import "unsafe"

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

	edge [StemTaps]float32 // a window that lies partly outside
}

// Im2col writes output row y, cols pixels wide, as channel blocks
// [2][cols][16]: the taps of a pixel in the order row, column, colour, then
// zeros. Taps outside the picture are zero.
func (r *StemRow) Im2col(dst []float32, y, cols int) {
	top := y*r.Stride - r.PadTop
	plane := cols * blockBytes
	first, end := r.inside(top, cols)
	for x := range cols {
		if x < first || x >= end {
			r.window(top, x*r.Stride-r.PadLeft)
			putWindows(At(dst, x*Block), plane, unsafe.Pointer(&r.edge), rowTaps*4, 0, 1)
		}
	}
	if first < end {
		in := At(r.In, (top*r.W+first*r.Stride-r.PadLeft)*3)
		putWindows(At(dst, first*Block), plane, in, r.W*3*4, r.Stride*3*4, end-first)
	}
}

// inside is the columns, from first to end, whose windows from row top on lie
// inside the picture.
func (r *StemRow) inside(top, cols int) (first, end int) {
	if top < 0 || top+3 > r.H || r.W < 3 {
		return 0, 0
	}
	return (r.PadLeft + r.Stride - 1) / r.Stride, min(cols, (r.W-3+r.PadLeft)/r.Stride+1)
}

// window copies the window at a row and column that may lie outside to edge.
func (r *StemRow) window(top, left int) {
	r.edge = [StemTaps]float32{}
	for i := max(0, -top); i < min(3, r.H-top); i++ {
		for j := max(0, -left); j < min(3, r.W-left); j++ {
			copy(r.edge[i*rowTaps+j*3:][:3], r.In[((top+i)*r.W+left+j)*3:])
		}
	}
}

// quad is what the compiler copies in one instruction.
type quad = [4]float32

// putWindows writes n pixels from out on, their second blocks plane bytes
// further. The windows begin step bytes apart at in, their rows rowBytes apart.
func putWindows(out unsafe.Pointer, plane int, in unsafe.Pointer, rowBytes, step, n int) {
	for range n {
		top, middle, bottom := (*[rowTaps]float32)(in), (*[rowTaps]float32)(at(in, rowBytes)), (*[rowTaps]float32)(at(in, 2*rowBytes))
		lo, hi := (*vector)(out), (*vector)(at(out, plane))
		*(*quad)(lo[0:]) = *(*quad)(top[0:])
		*(*quad)(lo[4:]) = *(*quad)(top[4:])
		lo[8] = top[8]
		*(*quad)(lo[9:]) = *(*quad)(middle[0:])
		*(*quad)(lo[12:]) = *(*quad)(middle[3:]) // the second row lies across both blocks
		hi[0], hi[1] = middle[7], middle[8]
		*(*quad)(hi[2:]) = *(*quad)(bottom[0:])
		*(*quad)(hi[6:]) = *(*quad)(bottom[4:])
		hi[10], hi[11] = bottom[8], 0
		*(*quad)(hi[12:]) = quad{}
		in, out = at(in, step), at(out, blockBytes)
	}
}
