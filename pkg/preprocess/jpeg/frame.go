package jpeg

import (
	"encoding/binary"
	"fmt"
	"image"
)

// frame is what the frame header (SOF) says, and the geometry that follows.
type frame struct {
	progressive   bool
	width, height int
	hMax, vMax    int // largest sampling factors
	mcuCols       int // MCUs of an interleaved scan
	mcuRows       int
	unit          int // pixels that a block of the finest component gives, each way
	comps         []component
}

// component is one colour component of the frame.
type component struct {
	header
	coefs []int16    // sequential: those of a chunk [v, chunk·h, coefsPerBlock]
	rows  []*coefRow // progressive: [block row]; nil rows are zero
	store []coefRow  // memory of rows
	plane plane
}

// coefRow is a row of blocks, MCU padding included. The DC coefficients lie
// apart, since scans of them pass all blocks.
type coefRow struct {
	dc    []int16  // [block]
	coefs []int16  // [block, 64], in the order of the set, the first 0
	marks []uint64 // [block], which AC coefficients are not zero, in zigzag order
}

// block returns the coefficients and marks of a block.
func (row *coefRow) block(bx int) (coefs *[64]int16, marks *uint64) {
	return (*[64]int16)(row.coefs[bx*64:]), &row.marks[bx]
}

// header is what the file says of a component, and what follows.
type header struct {
	id            byte
	h, v          int // sampling factors
	dct           int // samples that a block gives, each way
	width, height int // samples that count, of blocks of dct samples
	blockCols     int // blocks that hold samples that count
	blockRows     int
	quantIndex    byte
	quantFixed    bool
	quant         [64]int16 // in the order of the set, fixed by the component's first scan
	coefBits      [64]int8  // progressive: lowest bit position coded so far, -1 none

	pred   int32 // DC prediction
	dc, ac *huffTable
}

// coefsPerBlock is how many coefficients of a block are kept.
func (h *header) coefsPerBlock() int {
	if h.dct == 1 {
		return 1
	}
	return 64
}

// parseFrame reads the parameters of SOF marker m.
func (f *frame) parseFrame(m byte, seg []byte, comps *[4]component) error {
	if m > markerSOF2 {
		return &UnsupportedError{processName(m)}
	}
	if len(seg) < 6 {
		return damaged("short frame header")
	}
	if seg[0] != 8 {
		return &UnsupportedError{fmt.Sprintf("%d bits a sample", seg[0])}
	}
	f.progressive = m == markerSOF2
	f.height = int(binary.BigEndian.Uint16(seg[1:]))
	f.width = int(binary.BigEndian.Uint16(seg[3:]))
	n := int(seg[5])
	if len(seg) != 6+3*n {
		return damaged("frame header of wrong length for %d components", n)
	}
	if f.height == 0 {
		return damaged("frame of %d×0 pixels (a height given later, by a DNL segment, is not supported)", f.width)
	}
	if f.width == 0 {
		return damaged("frame of 0×%d pixels", f.height)
	}
	if n != 1 && n != 3 && n != 4 {
		return &UnsupportedError{fmt.Sprintf("%d colour components", n)}
	}
	f.comps = comps[:n]
	for i := range f.comps {
		s := seg[6+3*i:]
		c := &f.comps[i]
		c.header = header{}
		c.id, c.h, c.v, c.quantIndex = s[0], int(s[1]>>4), int(s[1]&15), s[2]
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 {
			return damaged("sampling factors %d×%d", c.h, c.v)
		}
		if c.quantIndex > 3 {
			return damaged("quantisation table %d", c.quantIndex)
		}
	}
	f.count()
	return nil
}

// count computes the numbers of MCUs and blocks.
func (f *frame) count() {
	if len(f.comps) == 1 {
		// The only component is never interleaved, whatever its factors.
		f.comps[0].h, f.comps[0].v = 1, 1
	}
	for i := range f.comps {
		f.hMax = max(f.hMax, f.comps[i].h)
		f.vMax = max(f.vMax, f.comps[i].v)
	}
	f.mcuCols = ceilDiv(f.width, 8*f.hMax)
	f.mcuRows = ceilDiv(f.height, 8*f.vMax)
	for i := range f.comps {
		c := &f.comps[i]
		c.blockCols = ceilDiv(f.width*c.h, 8*f.hMax)
		c.blockRows = ceilDiv(f.height*c.v, 8*f.vMax)
		for k := range c.coefBits {
			c.coefBits[k] = -1
		}
	}
}

// layOut computes the sizes of the components at 1/scale. As in libjpeg, one
// that is subsampled is scaled down less, where factors of two allow.
func (f *frame) layOut(scale int) {
	f.unit = 8 / scale
	for i := range f.comps {
		c := &f.comps[i]
		c.dct = f.unit
		for c.dct < 8 && f.hMax*f.unit%(c.h*c.dct*2) == 0 && f.vMax*f.unit%(c.v*c.dct*2) == 0 {
			c.dct *= 2
		}
		c.width = ceilDiv(f.width*c.h*c.dct, 8*f.hMax)
		c.height = ceilDiv(f.height*c.v*c.dct, 8*f.vMax)
	}
}

// mcusOf returns the MCUs that a region of the scaled picture needs, with its
// neighbours, which interpolation may ask for.
func (f *frame) mcusOf(region image.Rectangle) image.Rectangle {
	w, h := f.hMax*f.unit, f.vMax*f.unit
	return image.Rect(max(region.Min.X-1, 0)/w, max(region.Min.Y-1, 0)/h,
		min(ceilDiv(region.Max.X+1, w), f.mcuCols), min(ceilDiv(region.Max.Y+1, h), f.mcuRows))
}

// blocks returns the number of blocks of all components, without padding.
func (f *frame) blocks() int {
	n := 0
	for i := range f.comps {
		n += f.comps[i].blockCols * f.comps[i].blockRows
	}
	return n
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// processName names the process that a start-of-frame marker stands for.
func processName(m byte) string {
	switch m {
	case 0xc3:
		return "lossless process"
	case 0xc5, 0xc6, 0xc7:
		return "hierarchical process"
	case 0xc9, 0xca:
		return "arithmetic coding"
	case 0xcb:
		return "lossless process with arithmetic coding"
	case markerSOF55:
		return "JPEG-LS"
	}
	return "hierarchical process with arithmetic coding"
}
