package jpeg

// plane holds the samples of one component that are wanted: all of them, or
// the last two MCU rows of a picture that is converted as it is decoded. Row y
// lies at y mod rows, and begins with sample left.
type plane struct {
	pix    []byte // [rows, stride]
	stride int    // samples a row, whole MCUs
	rows   int
	left   int
	up     upsampling
	from   int // samples that a row of the region needs
	to     int
	line   []byte  // an upsampled row, from sample from on
	skip   int     // samples at its beginning that are left of the region
	column []int32 // box: source column of each output column
}

// row returns the samples of row y that a row of the region needs.
func (p *plane) row(y int) []byte {
	o := y % p.rows * p.stride
	return p.pix[o+p.from-p.left : o+p.to-p.left]
}

// at returns the samples from the top left of block (bx, by) on.
func (c *component) at(r *Reader, bx, by int) []byte {
	p := &c.plane
	return p.pix[by*c.dct%p.rows*p.stride+bx*c.dct-p.left:]
}

// allocate makes the planes. It is called once a picture, by the first scan,
// after the check that the file is long enough for its size.
func (r *Reader) allocate() {
	f := &r.frame
	mcuRows := r.want.Dy()
	if r.streaming || f.progressive {
		mcuRows = min(mcuRows, 2)
	}
	for i := range f.comps {
		c := &f.comps[i]
		p := &c.plane
		p.left = r.want.Min.X * c.h * c.dct
		p.stride = r.want.Dx() * c.h * c.dct
		p.rows = mcuRows * c.v * c.dct
		p.pix = grown(p.pix, p.stride*p.rows)
		if r.lenient {
			fillGrey(p.pix)
		}
		c.prepareUpsampling(f, r.region)
		if f.progressive {
			c.rows = zeroed(c.rows, f.mcuRows*c.v)
		}
	}
	r.mem.sums = grown(r.mem.sums, r.region.Dx()+sumsPadding)
	r.colour = r.colourSpace()
	r.nextY = r.region.Min.Y
	if r.sink.whole {
		r.sink.pix = make([]byte, 3*r.region.Dx()*r.region.Dy())
	}
}

func fillGrey(s []byte) {
	for i := range s {
		s[i] = 128
	}
}

// rowDone converts what MCU row my, now in the planes, completes. The last
// pixel row waits for the next MCU row, which interpolation may need.
func (r *Reader) rowDone(my int) {
	end := (my+1)*r.frame.vMax*r.frame.unit - 1
	if my+1 >= r.want.Max.Y {
		end = r.region.Max.Y
	}
	r.convert(min(end, r.region.Max.Y))
}

// convert delivers the pixel rows up to end.
func (r *Reader) convert(end int) {
	f := &r.frame
	var lines [4][]byte
	for ; r.nextY < end && r.sink.err == nil; r.nextY++ {
		for i := range f.comps {
			lines[i] = r.upsample(&f.comps[i], r.nextY)
		}
		row := r.mem.row
		if r.sink.whole {
			at := 3 * r.region.Dx() * (r.nextY - r.region.Min.Y)
			row = r.sink.pix[at : at+3*r.region.Dx()]
		}
		r.colour.convert(r.set, row, &lines)
		if !r.sink.whole {
			r.sink.err = r.sink.done(r.nextY, row)
		}
	}
}

// finish delivers what is decoded but not yet converted.
func (r *Reader) finish() error {
	if r.frame.progressive {
		r.reconstruct()
	}
	r.convert(r.region.Max.Y)
	return r.sink.err
}

// reconstruct transforms the coefficients of a progressive picture.
func (r *Reader) reconstruct() {
	f := &r.frame
	for my := r.want.Min.Y; my < r.want.Max.Y && r.sink.err == nil; my++ {
		for i := range f.comps {
			c := &f.comps[i]
			for by := my * c.v; by < (my+1)*c.v; by++ {
				r.reconstructRow(c, by)
			}
		}
		r.rowDone(my)
	}
}

// reconstructRow transforms the wanted blocks of a row of a component.
func (r *Reader) reconstructRow(c *component, by int) {
	from, to := r.want.Min.X*c.h, r.want.Max.X*c.h
	row := c.rows[by]
	if row == nil || !c.quantFixed {
		at := c.at(r, from, by)
		fillGrey(at[:c.dct*c.plane.stride])
		return
	}
	if c.dct == 1 {
		r.inverseDCT(c, row.dc[from:to], from, by)
		return
	}
	coefs := row.coefs[from*64 : to*64]
	for i, dc := range row.dc[from:to] {
		coefs[i*64] = dc
	}
	r.inverseDCT(c, coefs, from, by)
}

// inverseDCT turns blocks of a row, from (bx, by) on, to samples, and zeroes
// their coefficients.
func (r *Reader) inverseDCT(c *component, coefs []int16, bx, by int) {
	r.set.idct[c.dct](coefs, &c.quant, c.at(r, bx, by), c.plane.stride)
}
