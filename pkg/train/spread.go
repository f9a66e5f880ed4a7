package train

import "github.com/effnet/effnet/pkg/kernels"

// frame is a plane with a border of zeros: pixels of a map at rows top + y·step
// and columns left + x·step of rows × pitch pixels. Pixels that fall outside
// are left out.
type frame struct {
	rows, pitch     int
	top, left, step int
	// parts is into how many groups columns are sorted by their remainder, so
	// that columns a stride apart follow each other; pitch is a multiple.
	parts int
}

func (f frame) values() int { return f.rows * f.pitch * kernels.Block }

// column is where column x of the plane is kept.
func (f frame) column(x int) int { return x%f.parts*(f.pitch/f.parts) + x/f.parts }

// fill writes a plane of h × w pixels to dst.
func (f frame) fill(dst, plane []float32, h, w int) {
	clear(dst[:f.values()])
	f.each(h, w, func(at, from, n int) { copy(dst[at:at+n], plane[from:]) })
}

// read writes what lies in the frame to a plane of h × w pixels; pixels outside
// of the frame become zero.
func (f frame) read(plane, src []float32, h, w int) {
	clear(plane)
	f.each(h, w, func(at, from, n int) { copy(plane[from:from+n], src[at:]) })
}

// each calls visit for the longest pieces that lie together: n values at at in
// the frame and at from in the plane.
func (f frame) each(h, w int, visit func(at, from, n int)) {
	for y := range h {
		row := f.top + y*f.step
		if row < 0 || row >= f.rows {
			continue
		}
		if f.step == 1 && f.parts == 1 {
			n := min(w, f.pitch-f.left)
			visit((row*f.pitch+f.left)*kernels.Block, y*w*kernels.Block, n*kernels.Block)
			continue
		}
		for x := range w {
			if col := f.left + x*f.step; col < f.pitch {
				visit((row*f.pitch+f.column(col))*kernels.Block, (y*w+x)*kernels.Block, kernels.Block)
			}
		}
	}
}
