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
func (r *Reader) colourSpace() colour {
	comps := r.frame.comps
	switch {
	case len(comps) == 1:
		return colourGrey
	case len(comps) == 4 && r.adobe && r.adobeXfm != 0:
		return colourYCCK
	case len(comps) == 4:
		return colourCMYK
	case r.jfif:
		return colourYCC
	case r.adobe && r.adobeXfm == 0:
		return colourRGB
	case !r.adobe && comps[0].id == 'R' && comps[1].id == 'G' && comps[2].id == 'B':
		return colourRGB
	}
	return colourYCC
}

// convert writes a row of RGB pixels from a row of each component.
func (c colour) convert(set *set, dst []byte, lines *[4][]byte) {
	switch c {
	case colourGrey:
		for x, v := range lines[0] {
			d := dst[3*x : 3*x+3 : 3*x+3]
			d[0], d[1], d[2] = v, v, v
		}
	case colourYCC:
		set.rgb(dst, lines[0], lines[1], lines[2])
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
		set.rgb(dst, lines[0], lines[1], lines[2])
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
	return uint8(clamp(paper - (t>>8+t)>>8))
}

// Sums of packed colours: red at bit 0, blue at bit 16, green at bit 48 with 16
// fractional bits below, each moved up by 256, so that bits 8 and 9 of a value
// within 0 to 255 are 01.
const (
	packedOnes  = 1 | 1<<16 | 1<<48
	packedRange = 3 * 256 * packedOnes
	packedBias  = 256 * packedOnes
)

// What a chroma sample adds to the packed colour, rounded as libjpeg does:
// green only once, after the sum of both.
var fromCb, fromCr = packedTables()

func packedTables() (cb, cr [256]uint64) {
	const half = 1 << 15
	for i := range cb {
		x := int64(i) - 128
		cb[i] = uint64(packedBias + (116130*x+half)>>16<<16 + (half-22554*x)<<32)
		cr[i] = uint64((91881*x+half)>>16 - 46802*x<<32)
	}
	return cb, cr
}

// fromYCC converts a row of YCbCr (Recommendation ITU-T T.871) to RGB.
func fromYCC(dst, y, cb, cr []byte) {
	n := len(y)
	cb, cr = cb[:n], cr[:n]
	for x, v := range y {
		c := uint64(v)*packedOnes + fromCb[cb[x]] + fromCr[cr[x]]
		if c&packedRange != packedBias {
			c = clampPacked(c)
		}
		d := dst[3*x : 3*x+3 : 3*x+3]
		d[0], d[1], d[2] = byte(c), byte(c>>48), byte(c>>16)
	}
}

// clampPacked moves each colour to the nearest of its range.
func clampPacked(c uint64) uint64 {
	r := clamp(int32(c&0xffff) - 256)
	g := clamp(int32(c>>48) - 256)
	b := clamp(int32(c>>16&0xffff) - 256)
	return uint64(r) | uint64(g)<<48 | uint64(b)<<16
}
