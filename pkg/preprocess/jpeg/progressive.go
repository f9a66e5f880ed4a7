package jpeg

const maxScans = 1000

// prepareProgressive checks a scan of a progressive frame (T.81, G.1).
func (d *decoder) prepareProgressive(s *scan) error {
	dc := s.start == 0
	switch {
	case s.end > 63 || s.start > s.end || dc && s.end != 0 || !dc && len(s.comps) > 1:
		return damaged("progressive scan of coefficients %d to %d", s.start, s.end)
	case s.low > 13 || s.high > 0 && s.high != s.low+1:
		return damaged("progressive scan of bits %d to %d", s.high, s.low)
	}
	if err := d.checkWork(s); err != nil {
		return err
	}
	for _, c := range s.comps {
		if dc && s.high == 0 && (c.dc == nil || c.dc.maxSize > 15) || !dc && c.ac == nil {
			return damaged("no Huffman table for component %#02x", c.id)
		}
		for k := s.start; k <= s.end; k++ {
			if int(s.high) != max(int(c.coefBits[k]), 0) {
				return damaged("progressive scan out of order")
			}
			c.coefBits[k] = int8(s.low)
		}
	}
	switch {
	case dc && s.high == 0:
		s.mcu = (*decoder).dcFirst
	case dc:
		s.mcu = (*decoder).dcRefine
	case s.high == 0:
		s.mcu = (*decoder).acFirst
	default:
		s.mcu = (*decoder).acRefine
	}
	return nil
}

// checkWork bounds the scans, and the coefficients that all of them pass:
// end-of-band runs and refinements cost next to no data. A scan for each
// coefficient and bit is still let pass in a picture of a megapixel.
func (d *decoder) checkWork(s *scan) error {
	for _, c := range s.comps {
		d.work += int64(c.blockCols*c.blockRows) * int64(s.end-s.start+9)
	}
	if d.scans >= maxScans || d.work > 1024*int64(d.frame.blocks())+1<<28 {
		return damaged("too many progressive scans")
	}
	return nil
}

// coefficientsAt returns the coefficients of a block, [64] in zigzag order,
// valid until the end of decoding.
func (c *component) coefficientsAt(f *frame, bx, by int) *[64]int16 {
	if c.coefs[by] == nil {
		c.coefs[by] = make([]int16, f.mcuCols*c.h*64)
	}
	return (*[64]int16)(c.coefs[by][bx*64:])
}

// eachBlock calls f for the blocks of an MCU.
func (d *decoder) eachBlock(s *scan, f func(c *component, b *[64]int16) error) error {
	if len(s.comps) == 1 {
		return f(s.comps[0], s.comps[0].coefficientsAt(&d.frame, s.x, s.y))
	}
	for _, c := range s.comps {
		for v := range c.v {
			for h := range c.h {
				if err := f(c, c.coefficientsAt(&d.frame, s.x*c.h+h, s.y*c.v+v)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// dcFirst decodes the upper bits of DC coefficients.
func (d *decoder) dcFirst(s *scan) error {
	return d.eachBlock(s, func(c *component, b *[64]int16) error {
		diff, err := d.bits.difference(c.dc)
		c.pred += diff
		b[0] = int16(c.pred << s.low)
		return err
	})
}

// dcRefine decodes one more bit of DC coefficients.
func (d *decoder) dcRefine(s *scan) error {
	return d.eachBlock(s, func(_ *component, b *[64]int16) error {
		b[0] |= int16(d.bits.bits(1) << s.low)
		return nil
	})
}

// acFirst decodes the upper bits of a band of AC coefficients.
func (d *decoder) acFirst(s *scan) error {
	if d.eobRun > 0 {
		d.eobRun--
		return nil
	}
	c := s.comps[0]
	b := c.coefficientsAt(&d.frame, s.x, s.y)
	for k := s.start; k <= s.end; k++ {
		symbol, err := d.bits.symbol(c.ac)
		if err != nil {
			return err
		}
		run, size := int(symbol>>4), uint(symbol&15)
		if size == 0 && run < 15 {
			d.eobRun = d.endOfBand(run) - 1
			return nil
		}
		k += run
		if k > s.end {
			return errIndex
		}
		if size > 0 {
			b[k&63] = int16(extend(d.bits.bits(size), size) << s.low)
		}
	}
	return nil
}

// endOfBand reads the length of an end-of-band run, this block included.
func (d *decoder) endOfBand(size int) int32 {
	n := int32(1) << size
	if size > 0 {
		n += d.bits.bits(uint(size))
	}
	return n
}

// acRefine decodes one more bit of a band of AC coefficients.
func (d *decoder) acRefine(s *scan) error {
	c := s.comps[0]
	if d.eobRun > 0 && c.coefs[s.y] == nil {
		d.eobRun--
		return nil
	}
	b := c.coefficientsAt(&d.frame, s.x, s.y)
	k := s.start
	for d.eobRun == 0 && k <= s.end {
		symbol, err := d.bits.symbol(c.ac)
		if err != nil {
			return err
		}
		run, value := int(symbol>>4), int16(0)
		switch size := symbol & 15; {
		case size == 1:
			value = int16(-1) << s.low
			if d.bits.bits(1) == 1 {
				value = 1 << s.low
			}
		case size > 1:
			return errCode
		case run < 15:
			d.eobRun = d.endOfBand(run)
			continue
		}
		if k = d.refine(b, k, s.end, run, s.low); k > s.end {
			return errIndex
		}
		b[k&63] = value
		k++
	}
	if d.eobRun > 0 {
		d.refine(b, k, s.end, 64, s.low)
		d.eobRun--
	}
	return nil
}

// refine reads a bit for each nonzero coefficient from k on and returns the
// index of the zero that comes after run zeros, or end+1.
func (d *decoder) refine(b *[64]int16, k, end, run int, low uint) int {
	bit := int16(1) << low
	for ; k <= end; k++ {
		v := b[k&63]
		if v == 0 {
			if run == 0 {
				return k
			}
			run--
			continue
		}
		if d.bits.bits(1) == 1 && v&bit == 0 {
			if v < 0 {
				bit = -bit
			}
			b[k&63] = v + bit
			bit = int16(1) << low
		}
	}
	return k
}
