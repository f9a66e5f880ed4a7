package jpeg

// unit is a block of an MCU in a sequential scan.
type unit struct {
	c      *component
	dc, ac *huffTable
	coefs  []int16 // of c, from those of the block in a chunk's first MCU on
	step   int     // from MCU to MCU
}

// chunk is the number of MCUs that are decoded before their blocks are
// transformed: few enough for their coefficients to stay in the nearest cache.
const chunk = 16

// prepareSequential checks a scan of a baseline or extended sequential frame.
// Its spectral selection is fixed; what some files say of it is ignored, as
// libjpeg does.
func (r *Reader) prepareSequential(s *scan) error {
	for _, c := range s.comps {
		if c.dc == nil || c.ac == nil {
			return damaged("no Huffman table for component %#02x", c.id)
		}
		if c.dc.maxSize > 15 {
			return damaged("DC Huffman table with symbol %d", c.dc.maxSize)
		}
		if c.coefBits[0] == 0 {
			return damaged("component %#02x is coded twice", c.id)
		}
		c.coefBits[0] = 0
	}
	return nil
}

// planUnits lists the blocks of an MCU and makes room for those of a chunk.
func (r *Reader) planUnits(s *scan) {
	s.units = s.units[:0]
	for _, c := range s.comps {
		h, v := s.factors(c)
		n := c.coefsPerBlock()
		c.coefs = zeroed(c.coefs, v*h*chunk*n)
		for i := range v * h {
			s.units = append(s.units, unit{c, c.dc, c.ac, c.coefs[(i/h*h*chunk+i%h)*n:], h * n})
		}
		c.ac.preparePairs()
	}
}

// sequentialMCUs decodes n MCUs of a row, at most a chunk, all or none of them
// wanted. It returns how many are decoded.
func (r *Reader) sequentialMCUs(s *scan, n int) (done int, err error) {
	if s.wanted(r) {
		done, err = r.takeMCUs(s, n)
		r.transform(s, done, err != nil)
		return done, err
	}
	b := &r.bits
	for i := range n {
		b.fill()
		if err := b.passBlocks(s.units, i, false); err != nil {
			return i, err
		}
		if b.left() < 0 {
			return i, errOverrun
		}
	}
	return n, nil
}

// takeMCUs decodes n MCUs to the chunk's coefficients.
func (r *Reader) takeMCUs(s *scan, n int) (done int, err error) {
	b, order := &r.bits, &r.set.order
	for i := range n {
		b.fill()
		for units := s.units; len(units) > 0; {
			m := alike(units)
			if units[0].c.dct == 1 {
				err = b.passBlocks(units[:m], i, true)
			} else {
				err = b.blocks(units[:m], i, order)
			}
			if err != nil {
				return i, err
			}
			units = units[m:]
		}
		if b.left() < 0 {
			return i, errOverrun
		}
	}
	return n, nil
}

// alike counts the first units of which as much is wanted.
func alike(units []unit) int {
	n := 1
	for n < len(units) && (units[n].c.dct == 1) == (units[0].c.dct == 1) {
		n++
	}
	return n
}

// transform turns the chunk's first n MCUs, which begin at the scan's next
// MCU, to samples. After a failure it forgets the coefficients of the MCU
// behind them.
func (r *Reader) transform(s *scan, n int, failed bool) {
	for _, c := range s.comps {
		h, v := s.factors(c)
		size := c.coefsPerBlock()
		for i := range v {
			row := c.coefs[i*h*chunk*size : (i+1)*h*chunk*size]
			if n > 0 {
				r.inverseDCT(c, row[:n*h*size], s.x*h, s.y*v+i)
			}
			if failed {
				clear(row)
			}
		}
	}
}

// greyMCUs is sequentialMCUs for data that is missing.
func (r *Reader) greyMCUs(s *scan, n int) {
	if !s.wanted(r) {
		return
	}
	for _, c := range s.comps {
		h, v := s.factors(c)
		for i := range v {
			at, stride := c.at(r, s.x*h, s.y*v+i), c.plane.stride
			for range c.dct {
				fillGrey(at[:n*h*c.dct])
				at = at[min(stride, len(at)):]
			}
		}
	}
}
