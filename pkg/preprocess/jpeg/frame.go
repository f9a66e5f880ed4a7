package jpeg

import (
	"encoding/binary"
	"fmt"
)

// frame is what the frame header (SOF) says, and the geometry that follows.
type frame struct {
	progressive   bool
	width, height int
	hMax, vMax    int // largest sampling factors
	mcuCols       int // MCUs of an interleaved scan
	mcuRows       int
	comps         []component
}

// component is one colour component of the frame.
type component struct {
	id            byte
	h, v          int // sampling factors
	width, height int // samples that count
	blockCols     int // blocks that hold samples that count
	blockRows     int
	quantIndex    byte
	quant         *[64]int32 // in zigzag order, fixed by the component's first scan
	plane         plane
	coefs         [][]int16 // progressive: [block row][block in MCU padding · 64, zigzag]; nil rows are zero
	coefBits      [64]int8  // progressive: lowest bit position coded so far, -1 none

	pred   int32 // DC prediction
	dc, ac *huffTable
}

// parseFrame reads the parameters of SOF marker m.
func (f *frame) parseFrame(m byte, seg []byte) error {
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
	f.comps = make([]component, n)
	for i := range f.comps {
		s := seg[6+3*i:]
		c := &f.comps[i]
		c.id, c.h, c.v, c.quantIndex = s[0], int(s[1]>>4), int(s[1]&15), s[2]
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 {
			return damaged("sampling factors %d×%d", c.h, c.v)
		}
		if c.quantIndex > 3 {
			return damaged("quantisation table %d", c.quantIndex)
		}
	}
	f.layOut()
	return nil
}

// layOut computes the geometry from size and sampling factors.
func (f *frame) layOut() {
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
		c.width = ceilDiv(f.width*c.h, f.hMax)
		c.height = ceilDiv(f.height*c.v, f.vMax)
		c.blockCols = ceilDiv(c.width, 8)
		c.blockRows = ceilDiv(c.height, 8)
		for k := range c.coefBits {
			c.coefBits[k] = -1
		}
	}
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
