package jpeg

const maxScans = 1000

// prepareProgressive checks a scan of a progressive frame (T.81, G.1).
func (r *Reader) prepareProgressive(s *scan) error {
	dc := s.start == 0
	switch {
	case s.end > 63 || s.start > s.end || dc && s.end != 0 || !dc && len(s.comps) > 1:
		return damaged("progressive scan of coefficients %d to %d", s.start, s.end)
	case s.low > 13 || s.high > 0 && s.high != s.low+1:
		return damaged("progressive scan of bits %d to %d", s.high, s.low)
	}
	if err := r.checkWork(s); err != nil {
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
		s.mcu = (*Reader).dcFirst
	case dc:
		s.mcu = (*Reader).dcRefine
	case s.high == 0:
		s.mcu = (*Reader).acFirst
	default:
		s.mcu = (*Reader).acRefine
	}
	return nil
}

// progressiveMCUs decodes n MCUs of a row and returns how many are decoded.
func (r *Reader) progressiveMCUs(s *scan, n int) (done int, err error) {
	for i := range n {
		r.bits.fill()
		if err := s.mcu(r, s, s.x+i); err != nil {
			return i, err
		}
		if r.bits.left() < 0 {
			return i, errOverrun
		}
	}
	return n, nil
}

// checkWork bounds the scans, and the coefficients that all of them pass:
// end-of-band runs and refinements cost next to no data. A scan for each
// coefficient and bit is still let pass in a picture of a megapixel.
func (r *Reader) checkWork(s *scan) error {
	for _, c := range s.comps {
		r.work += int64(c.blockCols*c.blockRows) * int64(s.end-s.start+9)
	}
	if r.scans >= maxScans || r.work > 1024*int64(r.frame.blocks())+1<<28 {
		return damaged("too many progressive scans")
	}
	return nil
}

// coefficientsAt returns the coefficients of a block, [64] in the order of
// the set, valid until the end of decoding.
func (c *component) coefficientsAt(f *frame, bx, by int) *[64]int16 {
	if c.rows[by] == nil {
		if len(c.store) < len(c.rows) {
			c.store = append(c.store, make([][]int16, len(c.rows)-len(c.store))...)
		}
		c.store[by] = zeroed(c.store[by], f.mcuCols*c.h*64)
		c.rows[by] = c.store[by]
	}
	return (*[64]int16)(c.rows[by][bx*64:])
}

// dcFirst decodes the upper bits of DC coefficients.
func (r *Reader) dcFirst(s *scan, x int) error {
	for _, c := range s.comps {
		h, v := s.factors(c)
		for i := range v * h {
			diff, err := r.bits.difference(c.dc)
			if err != nil {
				return err
			}
			c.pred += diff
			c.coefficientsAt(&r.frame, x*h+i%h, s.y*v+i/h)[0] = int16(c.pred << s.low)
		}
	}
	return nil
}

// dcRefine decodes one more bit of DC coefficients.
func (r *Reader) dcRefine(s *scan, x int) error {
	for _, c := range s.comps {
		h, v := s.factors(c)
		for i := range v * h {
			bit := int16(r.bits.bits(1) << s.low)
			c.coefficientsAt(&r.frame, x*h+i%h, s.y*v+i/h)[0] |= bit
		}
	}
	return nil
}

// acFirst decodes the upper bits of a band of AC coefficients.
func (r *Reader) acFirst(s *scan, x int) error {
	if r.eobRun > 0 {
		r.eobRun--
		return nil
	}
	c, b := s.comps[0], &r.bits
	out, order, ac := c.coefficientsAt(&r.frame, x, s.y), &r.set.order, c.ac
	acc, n := b.acc, b.n
	for k := s.start - 1; k < s.end; {
		if n < 32 {
			b.acc, b.n = acc, n
			b.refill()
			acc, n = b.acc, b.n
		}
		e := ac.fast[acc>>(64-fastBits)]
		value, length := e.value(), e.length()
		symbol := e.symbol()
		if e == 0 {
			if symbol, length = ac.long(acc); length == 0 {
				b.acc, b.n = acc, n
				return errCode
			}
		}
		acc <<= length & 63
		n -= length
		if value == 0 {
			size := uint(symbol & 15)
			if size == 0 && symbol != 0xf0 {
				b.acc, b.n = acc, n
				r.eobRun = r.endOfBand(int(symbol>>4)) - 1
				return nil
			}
			if size > 0 {
				value = int16(extend(int32(acc>>((64-size)&63)), size))
				acc <<= size
				n -= size
			}
		}
		if k += int(symbol>>4) + 1; k > s.end {
			b.acc, b.n = acc, n
			return errIndex
		}
		if value != 0 {
			out[order[k&63]&63] = value << s.low
		}
	}
	b.acc, b.n = acc, n
	return nil
}

// endOfBand reads the length of an end-of-band run, this block included.
func (r *Reader) endOfBand(size int) int32 {
	n := int32(1) << size
	if size > 0 {
		n += r.bits.bits(uint(size))
	}
	return n
}

// acRefine decodes one more bit of a band of AC coefficients.
func (r *Reader) acRefine(s *scan, x int) error {
	c := s.comps[0]
	if r.eobRun > 0 && c.rows[s.y] == nil {
		r.eobRun--
		return nil
	}
	b := c.coefficientsAt(&r.frame, x, s.y)
	k := s.start
	for r.eobRun == 0 && k <= s.end {
		symbol, err := r.bits.symbol(c.ac)
		if err != nil {
			return err
		}
		run, value := int(symbol>>4), int16(0)
		switch size := symbol & 15; {
		case size == 1:
			value = int16(-1) << s.low
			if r.bits.bits(1) == 1 {
				value = 1 << s.low
			}
		case size > 1:
			return errCode
		case run < 15:
			r.eobRun = r.endOfBand(run)
			continue
		}
		if k = r.refine(b, k, s.end, run, s.low); k > s.end {
			return errIndex
		}
		b[r.set.order[k&63]&63] = value
		k++
	}
	if r.eobRun > 0 {
		r.refine(b, k, s.end, 64, s.low)
		r.eobRun--
	}
	return nil
}

// refine reads a bit for each nonzero coefficient from k on and returns the
// index of the zero that comes after run zeros, or end+1.
func (r *Reader) refine(out *[64]int16, k, end, run int, low uint) int {
	b, order := &r.bits, &r.set.order
	acc, n := b.acc, b.n
	bit := int16(1) << low
	for ; k <= end; k++ {
		at := order[k&63] & 63
		v := out[at]
		if v == 0 {
			if run == 0 {
				break
			}
			run--
			continue
		}
		if n == 0 {
			b.acc, b.n = acc, n
			b.refill()
			acc, n = b.acc, b.n
		}
		if int64(acc) < 0 && v&bit == 0 {
			if v < 0 {
				out[at] = v - bit
			} else {
				out[at] = v + bit
			}
		}
		acc <<= 1
		n--
	}
	b.acc, b.n = acc, n
	return k
}
