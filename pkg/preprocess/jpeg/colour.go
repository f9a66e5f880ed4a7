package jpeg

// colour is the colour space of the components.
type colour uint8

const (
	colourGrey colour = iota
	colourYCC
	colourRGB
	colourCMYK
	colourYCCK
)

// colourSpace decides as libjpeg does: a JFIF marker outweighs an Adobe marker,
// which outweighs the component identifiers.
func (d *decoder) colourSpace() colour {
	comps := d.frame.comps
	switch {
	case len(comps) == 1:
		return colourGrey
	case len(comps) == 4 && d.adobe && d.adobeXfm != 0:
		return colourYCCK
	case len(comps) == 4:
		return colourCMYK
	case d.jfif:
		return colourYCC
	case d.adobe && d.adobeXfm == 0:
		return colourRGB
	case !d.adobe && comps[0].id == 'R' && comps[1].id == 'G' && comps[2].id == 'B':
		return colourRGB
	}
	return colourYCC
}

// convert writes a row of RGB pixels from a row of each component.
func (c colour) convert(dst []byte, lines *[4][]byte) {
	switch c {
	case colourGrey:
		for x, v := range lines[0] {
			d := dst[3*x : 3*x+3 : 3*x+3]
			d[0], d[1], d[2] = v, v, v
		}
	case colourYCC:
		fromYCC(dst, lines[0], lines[1], lines[2])
	case colourRGB:
		r, g, b := lines[0], lines[1], lines[2]
		for x, v := range r {
			d := dst[3*x : 3*x+3 : 3*x+3]
			d[0], d[1], d[2] = v, g[x], b[x]
		}
	case colourCMYK:
		for x, k := range lines[3] {
			d := dst[3*x : 3*x+3 : 3*x+3]
			d[0], d[1], d[2] = ink(lines[0][x], k), ink(lines[1][x], k), ink(lines[2][x], k)
		}
	case colourYCCK:
		// YCC stands for the complement of the CMY that the file stores.
		fromYCC(dst, lines[0], lines[1], lines[2])
		for x, k := range lines[3] {
			d := dst[3*x : 3*x+3 : 3*x+3]
			d[0], d[1], d[2] = ink(^d[0], k), ink(^d[1], k), ink(^d[2], k)
		}
	}
}

// ink returns what is left of white light behind an ink and black, both
// inverted as Adobe stores them, with Pillow's rounding.
func ink(c, k uint8) uint8 {
	paper := int32(k)
	t := int32(^c)*paper + 128
	return clamp(paper - (t>>8+t)>>8)
}

// ycc holds what a chroma sample adds to red, green and blue, as libjpeg
// computes it: green with 16 fractional bits and rounding, the others whole.
type ycc struct{ whole, green int32 }

var fromCb, fromCr = yccTables()

func yccTables() (cb, cr [256]ycc) {
	const half = 1 << 15
	for i := range cb {
		x := int32(i) - 128
		cb[i] = ycc{(116130*x + half) >> 16, -22554*x + half}
		cr[i] = ycc{(91881*x + half) >> 16, -46802 * x}
	}
	return cb, cr
}

// fromYCC converts a row of YCbCr (Recommendation ITU-T T.871) to RGB.
func fromYCC(dst, y, cb, cr []byte) {
	n := len(y)
	cb, cr, dst = cb[:n], cr[:n], dst[:3*n]
	for x, v := range y {
		b, r := &fromCb[cb[x]], &fromCr[cr[x]]
		l := int32(v)
		d := dst[3*x : 3*x+3 : 3*x+3]
		d[0] = clamp(l + r.whole)
		d[1] = clamp(l + (b.green+r.green)>>16)
		d[2] = clamp(l + b.whole)
	}
}
