package resample

import (
	"fmt"
	"image"

	"github.com/effnet/effnet/pkg/profile"
)

// Geometry says which pixels become which. Everything but the order of the
// stored rows is in the coordinates of the upright picture.
type Geometry struct {
	Filter        profile.Interpolation
	Width, Height int        // the pixels that there are; none beyond has a weight
	Box           [4]float32 // left, top, right, bottom of what is resized, inside them
	OutW, OutH    int
	Orientation   int // EXIF, 1..8: how the stored rows are to be turned; 0 means 1
	// Reduced, 1, 2, 4 or 8, is how many pixels, each way, of the picture to be
	// resized a given one is the mean of; Width, Height and Box count these. 0
	// means 1.
	Reduced int
}

// maxTable bounds a plan and the rows that are kept for it, in bytes.
const maxTable = 512 << 20

// SizeError says that a picture is so thin and long that resampling it would
// take more memory than a plan may.
type SizeError struct{ Width, Height int }

func (e *SizeError) Error() string {
	return fmt.Sprintf("%d×%d pixels are too long to resize", e.Width, e.Height)
}

// Plan holds the weights of one geometry. It does not change and may be shared.
type Plan struct {
	Geometry
	needs      image.Rectangle // of the stored rows
	transposed bool            // rows of the stored picture are columns
	flipped    bool            // outputs come in the opposite order
	downFirst  bool            // the pass over stored columns is the first

	horizontal []int16 // [outputs, groups, 8]: low digits of four weights, then high
	left       []int32 // first column of each output, from needs.Min.X
	groups     int

	vertical []int16 // [outputs, pairs, 4]: low digits of two weights, then high
	top      []int32 // first row of each output, from needs.Min.Y, ascending
	depth    []int32 // rows of each output
	pairs    int
	deepest  int // rows that an output needs at most

	tf *tfPlan // instead of all tables
}

// NewPlan computes the weights of g. The error is a *SizeError, or says that g
// is not valid.
func NewPlan(g Geometry) (*Plan, error) {
	if g.Orientation == 0 {
		g.Orientation = 1
	}
	if err := g.validate(); err != nil {
		return nil, err
	}
	p := &Plan{Geometry: g}
	o := g.Orientation
	p.transposed = o >= 5
	p.downFirst = g.verticalFirst() != p.transposed
	if g.Filter == profile.BicubicTF1 || g.Filter == profile.BicubicTF2 {
		p.tf = newTFPlan(g)
		w, h := p.stored(g.Width, g.Height)
		p.needs = image.Rect(0, 0, w, h)
		return p, nil
	}
	if !g.fits() {
		return nil, &SizeError{g.Width, g.Height}
	}
	x := g.axis(g.Width, g.Box[0], g.Box[2], g.OutW)
	y := g.axis(g.Height, g.Box[1], g.Box[3], g.OutH)
	mirrorX, mirrorY := o == 2 || o == 3 || o == 6 || o == 7, o == 3 || o == 4 || o == 7 || o == 8
	if mirrorX {
		x.mirror(g.Width)
	}
	if mirrorY {
		y.mirror(g.Height)
	}
	across, down := &x, &y
	p.flipped = mirrorY
	if p.transposed {
		across, down, p.flipped = &y, &x, mirrorX
	}
	if p.flipped {
		down.reverse()
	}
	p.needs.Min.X, p.needs.Max.X = across.span()
	p.needs.Min.Y, p.needs.Max.Y = down.span()
	p.packHorizontal(across)
	p.packVertical(down)
	return p, nil
}

// axis gives the weights of one direction.
func (g *Geometry) axis(size int, from, to float32, out int) axis {
	if g.Reduced > 1 {
		return reducedAxis(g.Filter, g.Reduced, size, from, to, out)
	}
	return newAxis(g.Filter, size, from, to, out)
}

func (g *Geometry) validate() error {
	b := g.Box
	switch _, ok := filters[g.Filter]; {
	case !ok && g.Filter != profile.Nearest && g.Filter != profile.BicubicTF1 && g.Filter != profile.BicubicTF2:
		return fmt.Errorf("resample: no filter %q", g.Filter)
	case g.Reduced != 0 && g.Reduced != 1 && (estimates[g.Reduced] == nil || filters[g.Filter].at == nil):
		return fmt.Errorf("resample: means of %d for filter %q", g.Reduced, g.Filter)
	case g.Orientation < 1 || g.Orientation > 8:
		return fmt.Errorf("resample: orientation %d is not from 1 to 8", g.Orientation)
	case g.Width < 1 || g.Height < 1 || g.OutW < 1 || g.OutH < 1:
		return fmt.Errorf("resample: %d×%d to %d×%d pixels", g.Width, g.Height, g.OutW, g.OutH)
	case !(b[0] >= 0 && b[1] >= 0 && b[2] > b[0] && b[3] > b[1] && b[2] <= float32(g.Width) && b[3] <= float32(g.Height)):
		return fmt.Errorf("resample: box %v in %d×%d pixels", b, g.Width, g.Height)
	}
	return nil
}

// fits estimates the tables and the rows kept, before they are made.
func (g *Geometry) fits() bool {
	rows := func(from, to float32, out int) int64 {
		return 2*int64(3*max(1, float64(to-from)/float64(out))) + 8
	}
	across, down := rows(g.Box[0], g.Box[2], g.OutW), rows(g.Box[1], g.Box[3], g.OutH)
	kept := down * int64(g.OutW) * 3
	if g.verticalFirst() {
		kept = down * int64(g.Width) * 4
	}
	if g.Orientation >= 5 {
		kept = across * int64(g.Height) * 4
	}
	return 12*(across*int64(g.OutW)+down*int64(g.OutH))+kept <= maxTable
}

// verticalFirst is Pillow's choice since version 13; before, the horizontal
// pass was always the first.
func (g *Geometry) verticalFirst() bool {
	less := g.Height - g.OutH
	return less > 0 && less > 2*(g.Width-g.OutW)
}

// stored exchanges the extents where rows are columns.
func (p *Plan) stored(w, h int) (int, int) {
	if p.transposed {
		return h, w
	}
	return w, h
}

// Needs is the part of the stored picture that has to be given to a Resampler,
// whose columns and rows count from those of Geometry's pixels.
func (p *Plan) Needs() image.Rectangle { return p.needs }

// packHorizontal writes groups of four taps. Groups that would reach beyond
// the last column begin earlier, with weights of zero.
func (p *Plan) packHorizontal(a *axis) {
	p.groups = (a.taps + 3) / 4
	n := len(a.start)
	p.left, p.horizontal = make([]int32, n), make([]int16, n*p.groups*8)
	width := max(p.needs.Dx(), 4*p.groups)
	for i, w := range a.weight {
		first := int(a.start[i]) - p.needs.Min.X
		left := min(first, width-4*p.groups)
		p.left[i] = int32(left)
		for j, v := range w {
			at := first - left + j
			k := p.horizontal[(i*p.groups+at/4)*8+at%4:]
			k[0], k[4] = digits(v)
		}
	}
}

// packVertical writes pairs of taps.
func (p *Plan) packVertical(a *axis) {
	p.pairs = (a.taps + 1) / 2
	n := len(a.start)
	p.top, p.depth, p.vertical = make([]int32, n), make([]int32, n), make([]int16, n*p.pairs*4)
	end := 0
	for i, w := range a.weight {
		p.top[i], p.depth[i] = a.start[i]-int32(p.needs.Min.Y), int32(len(w))
		end = max(end, int(p.top[i])+len(w))
		p.deepest = max(p.deepest, end-int(p.top[i]))
		for j, v := range w {
			k := p.vertical[(i*p.pairs+j/2)*4+j%2:]
			k[0], k[2] = digits(v)
		}
	}
}
