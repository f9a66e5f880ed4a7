package jpeg

// plane holds the rows of one component: all of them, or the last two MCU rows
// of a picture that is converted as it is decoded. Row y lies at y mod rows.
type plane struct {
	pix    []byte // [rows, stride]
	stride int    // samples a row, whole MCUs
	rows   int
	up     upsampling
	line   []byte  // an upsampled row
	column []int32 // box: source column of each output column
}

// row returns row y, len stride.
func (p *plane) row(y int) []byte {
	o := y % p.rows * p.stride
	return p.pix[o : o+p.stride : o+p.stride]
}

// at returns the samples from the top left of block (bx, by) on.
func (p *plane) at(bx, by int) []byte {
	return p.pix[by*8%p.rows*p.stride+bx*8:]
}

// allocate makes the planes and the picture. It is called once, by the first
// scan, after the check that the file is long enough for its size.
func (d *decoder) allocate() {
	f := &d.frame
	mcuRows := f.mcuRows
	if d.streaming || f.progressive {
		mcuRows = min(mcuRows, 2)
	}
	for i := range f.comps {
		c := &f.comps[i]
		p := &c.plane
		p.stride = f.mcuCols * c.h * 8
		p.rows = mcuRows * c.v * 8
		p.pix = make([]byte, p.stride*p.rows)
		if d.lenient {
			fillGrey(p.pix)
		}
		c.prepareUpsampling(f)
		if f.progressive {
			c.coefs = make([][]int16, f.mcuRows*c.v)
		}
	}
	d.colour = d.colourSpace()
	d.pix = make([]byte, f.width*f.height*3)
}

func fillGrey(s []byte) {
	for i := range s {
		s[i] = 128
	}
}

// rowDone converts what MCU row my, now in the planes, completes. The last
// pixel row waits for the next MCU row, which interpolation may need.
func (d *decoder) rowDone(my int) {
	end := (my+1)*8*d.frame.vMax - 1
	if my+1 == d.frame.mcuRows {
		end = d.frame.height
	}
	d.convert(min(end, d.frame.height))
}

// convert writes the pixel rows up to end.
func (d *decoder) convert(end int) {
	f := &d.frame
	var lines [4][]byte
	for ; d.nextY < end; d.nextY++ {
		for i := range f.comps {
			lines[i] = f.comps[i].upsample(f, d.nextY)[:f.width]
		}
		o := d.nextY * f.width * 3
		d.colour.convert(d.pix[o:o+f.width*3], &lines)
	}
}

// finish brings what is decoded but not yet converted to pixels.
func (d *decoder) finish() {
	f := &d.frame
	if f.progressive {
		d.reconstruct()
	}
	d.convert(f.height)
}

// reconstruct transforms the coefficients of a progressive picture.
func (d *decoder) reconstruct() {
	f := &d.frame
	for my := range f.mcuRows {
		for i := range f.comps {
			c := &f.comps[i]
			for by := my * c.v; by < (my+1)*c.v; by++ {
				d.reconstructRow(c, by)
			}
		}
		d.rowDone(my)
	}
}

// reconstructRow transforms one row of blocks of a component.
func (d *decoder) reconstructRow(c *component, by int) {
	coefs := c.coefs[by]
	if coefs == nil || c.quant == nil {
		first := by * 8 % c.plane.rows * c.plane.stride
		fillGrey(c.plane.pix[first : first+8*c.plane.stride])
		return
	}
	for bx := range len(coefs) / 64 {
		shape := dequantise(&d.block, (*[64]int16)(coefs[bx*64:]), c.quant)
		inverseDCT(&d.block, shape, c.plane.at(bx, by), c.plane.stride)
	}
}

// dequantise spreads zigzag coefficients to natural order and returns the
// shape of the block.
func dequantise(block *[64]int32, coefs *[64]int16, quant *[64]int32) uint32 {
	shape := uint32(0)
	for k, c := range coefs {
		if c != 0 {
			s := position[k]
			shape |= s
			block[s&63] = int32(c) * quant[k]
		}
	}
	return shape
}
