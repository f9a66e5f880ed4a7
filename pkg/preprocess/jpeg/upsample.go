package jpeg

import "image"

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
func (c *component) prepareUpsampling(f *frame, region image.Rectangle) {
	p := &c.plane
	h, hOut := c.h*c.dct, f.hMax*f.unit
	v, vOut := c.v*c.dct, f.vMax*f.unit
	fancy := f.unit > 1
	wide := c.width > 2 && fancy
	p.up = upBox
	switch h2, v2 := h*2 == hOut, v*2 == vOut; {
	case h2 && v == vOut && wide:
		p.up = upH2V1
	case h2 && v2 && wide:
		p.up = upH2V2
	case h2:
		p.up = upDouble
	case h == hOut && v2 && fancy:
		p.up = upH1V2
	case h == hOut:
		p.up = upNone
	}
	p.from, p.to, p.skip = region.Min.X, region.Max.X, 0
	switch p.up {
	case upH2V1, upH2V2, upDouble:
		p.from = max(region.Min.X/2-1, p.left)
		p.to = min(ceilDiv(region.Max.X, 2)+1, c.width, p.left+p.stride)
		p.skip = region.Min.X - 2*p.from
	case upBox:
		p.from, p.to = p.left, p.left+p.stride
		p.column = grown(p.column, region.Dx())
		for x := range p.column {
			p.column[x] = int32((region.Min.X+x)*h/hOut - p.from)
		}
	}
	if p.up != upNone {
		p.line = grown(p.line, max(2*(p.to-p.from), region.Dx()))
	}
}

// upsample returns the component's samples for the region's part of row y of
// the picture, valid until the next call.
func (r *Reader) upsample(c *component, y int) []byte {
	p := &c.plane
	v, vOut := c.v*c.dct, r.frame.vMax*r.frame.unit
	cy := y * v / vOut
	near := p.row(cy)
	line := p.line
	switch p.up {
	case upNone:
		return near
	case upH2V1:
		r.set.h2v1(line, near)
	case upH1V2:
		far, bias := c.further(y, cy)
		triangleV(line, near, far, bias)
	case upH2V2:
		far, _ := c.further(y, cy)
		r.set.h2v2(line, near, far, r.mem.sums)
	case upDouble:
		for x, v := range near {
			line[2*x], line[2*x+1] = v, v
		}
	case upBox:
		for x, from := range p.column {
			line[x] = near[from]
		}
	}
	return line[p.skip : p.skip+r.region.Dx()]
}

// further returns the row that is next nearest to picture row y after cy at
// vertical ratio 2, and what is added before the division.
func (c *component) further(y, cy int) (row []byte, bias int) {
	if y%2 == 0 {
		return c.plane.row(max(cy-1, 0)), 1
	}
	return c.plane.row(min(cy+1, c.height-1)), 2
}

// triangle2 doubles a row: dst holds at least 2·len(src) samples.
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

// sumsPadding is how many values scratch holds beyond the width of a region.
const sumsPadding = 64

// triangle4 doubles the row that lies a quarter of the way from near to far:
// dst holds at least 2·len(near) samples, scratch len(near)+sumsPadding values.
func triangle4(dst, near, far []byte, _ []int16) {
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
