package jpeg

import "math/bits"

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
	for i := 0; i < n; i++ {
		if r.eobRun > 0 && s.high == 0 {
			passed := min(int(r.eobRun), n-i)
			r.eobRun -= int32(passed)
			i += passed - 1
			continue
		}
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

// row returns a row of blocks, whose coefficients are zero at first.
func (c *component) row(f *frame, by int) *coefRow {
	row := c.rows[by]
	if row == nil {
		for len(c.store) < len(c.rows) {
			c.store = append(c.store, coefRow{})
		}
		n := f.mcuCols * c.h
		row = &c.store[by]
		row.dc, row.coefs, row.marks = zeroed(row.dc, n), zeroed(row.coefs, 64*n), zeroed(row.marks, n)
		c.rows[by] = row
	}
	return row
}

// dcFirst decodes the upper bits of DC coefficients.
func (r *Reader) dcFirst(s *scan, x int) error {
	for _, c := range s.comps {
		h, v := s.factors(c)
		for by := s.y * v; by < (s.y+1)*v; by++ {
			row := c.row(&r.frame, by)
			for bx := x * h; bx < (x+1)*h; bx++ {
				diff, err := r.bits.difference(c.dc)
				if err != nil {
					return err
				}
				c.pred += diff
				row.dc[bx] = int16(c.pred << s.low)
			}
		}
	}
	return nil
}

// dcRefine decodes one more bit of DC coefficients.
func (r *Reader) dcRefine(s *scan, x int) error {
	for _, c := range s.comps {
		h, v := s.factors(c)
		for by := s.y * v; by < (s.y+1)*v; by++ {
			row := c.row(&r.frame, by)
			for bx := x * h; bx < (x+1)*h; bx++ {
				row.dc[bx] |= int16(r.bits.bits(1) << s.low)
			}
		}
	}
	return nil
}

// acFirst decodes the upper bits of a band of AC coefficients.
func (r *Reader) acFirst(s *scan, x int) error {
	c, b := s.comps[0], &r.bits
	out, marks := c.row(&r.frame, s.y).block(x)
	order, ac := &r.set.order, c.ac
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
			*marks |= 1 << (k & 63)
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
	out, marks := c.row(&r.frame, s.y).block(x)
	if r.eobRun > 0 && *marks&s.band() == 0 {
		r.eobRun--
		return nil
	}
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
		if k = r.refine(out, *marks&s.band(), k, s.end, run, s.low); k > s.end {
			return errIndex
		}
		if value != 0 {
			out[r.set.order[k&63]&63] = value
			*marks |= 1 << (k & 63)
		}
		k++
	}
	if r.eobRun > 0 {
		r.refine(out, *marks&s.band(), k, s.end, 64, s.low)
		r.eobRun--
	}
	return nil
}

// band is the mask of the scan's coefficients.
func (s *scan) band() uint64 { return uint64(2)<<s.end - uint64(1)<<s.start }

// refine reads a bit for each marked coefficient from k on and returns the
// index of the zero that comes after run zeros, or end+1.
func (r *Reader) refine(out *[64]int16, marks uint64, k, end, run int, low uint) int {
	b, order := &r.bits, &r.set.order
	acc, n := b.acc, b.n
	bit := int16(1) << low
	for marks = marks >> k << k; marks != 0; marks &= marks - 1 {
		next := bits.TrailingZeros64(marks)
		if run < next-k {
			break
		}
		run -= next - k
		k = next + 1
		if n == 0 {
			b.acc, b.n = acc, n
			b.refill()
			acc, n = b.acc, b.n
		}
		at := order[next&63] & 63
		if v := out[at]; int64(acc) < 0 && v&bit == 0 {
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
	return min(k+run, end+1)
}
