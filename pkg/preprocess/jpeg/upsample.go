package jpeg

// upsampling is the way from a component's rows to rows of the picture. The
// triangle filters, and when they are used, are libjpeg's: the nearer sample
// counts three times the further one, and halves are rounded up and down by
// turns. Everything else repeats samples.
type upsampling uint8

const (
	upNone   upsampling = iota // rows are complete; they may be repeated
	upH2V1                     // triangle, horizontally
	upH1V2                     // triangle, vertically
	upH2V2                     // triangle, both ways
	upDouble                   // each sample twice
	upBox                      // any ratio
)

// prepareUpsampling chooses the way and makes its buffers.
func (c *component) prepareUpsampling(f *frame) {
	p := &c.plane
	wide := c.width > 2
	switch h2, v2 := c.h*2 == f.hMax, c.v*2 == f.vMax; {
	case h2 && c.v == f.vMax && wide:
		p.up = upH2V1
	case h2 && v2 && wide:
		p.up = upH2V2
	case h2:
		p.up = upDouble
	case c.h == f.hMax && v2:
		p.up = upH1V2
	case c.h == f.hMax:
		p.up = upNone
	default:
		p.up = upBox
		p.column = make([]int32, f.width)
		for x := range p.column {
			p.column[x] = int32(x * c.h / f.hMax)
		}
	}
	if p.up != upNone {
		p.line = make([]byte, max(2*c.width, f.width))
	}
}

// upsample returns the component's samples for row y of the picture, at least
// the picture's width, valid until the next call.
func (c *component) upsample(f *frame, y int) []byte {
	p := &c.plane
	cy := y * c.v / f.vMax
	near := p.row(cy)[:c.width]
	switch p.up {
	case upNone:
		return near
	case upH2V1:
		triangle2(p.line, near)
	case upH1V2:
		far, bias := c.further(y, cy)
		triangleV(p.line, near, far, bias)
	case upH2V2:
		far, _ := c.further(y, cy)
		triangle4(p.line, near, far)
	case upDouble:
		for x, v := range near {
			p.line[2*x], p.line[2*x+1] = v, v
		}
	case upBox:
		for x, from := range p.column {
			p.line[x] = near[from]
		}
	}
	return p.line
}

// further returns the row that is next nearest to picture row y after cy at
// vertical ratio 2, and what is added before the division.
func (c *component) further(y, cy int) (row []byte, bias int) {
	if y%2 == 0 {
		return c.plane.row(max(cy-1, 0))[:c.width], 1
	}
	return c.plane.row(min(cy+1, c.height-1))[:c.width], 2
}

// triangle2 doubles a row of at least 3 samples.
func triangle2(dst, src []byte) {
	n := len(src)
	dst = dst[:2*n]
	last, this := int(src[0]), int(src[0])
	for x, v := range src[1:] {
		next := int(v)
		d := dst[2*x : 2*x+2 : 2*x+2]
		d[0] = byte((3*this + last + 1) >> 2)
		d[1] = byte((3*this + next + 2) >> 2)
		last, this = this, next
	}
	dst[2*n-2] = byte((3*this + last + 1) >> 2)
	dst[2*n-1] = byte(this)
}

// triangleV gives the row that lies a quarter of the way from near to far.
func triangleV(dst, near, far []byte, bias int) {
	far, dst = far[:len(near)], dst[:len(near)]
	for x, v := range near {
		dst[x] = byte((3*int(v) + int(far[x]) + bias) >> 2)
	}
}

// triangle4 doubles the row that lies a quarter of the way from near to far,
// of at least 3 samples.
func triangle4(dst, near, far []byte) {
	n := len(near)
	far, dst = far[:n], dst[:2*n]
	this := 3*int(near[0]) + int(far[0])
	last := this
	near, far = near[1:], far[1:]
	for x, v := range near {
		next := 3*int(v) + int(far[x])
		d := dst[2*x : 2*x+2 : 2*x+2]
		d[0] = byte((3*this + last + 8) >> 4)
		d[1] = byte((3*this + next + 7) >> 4)
		last, this = this, next
	}
	dst[2*n-2] = byte((3*this + last + 8) >> 4)
	dst[2*n-1] = byte((4*this + 7) >> 4)
}
