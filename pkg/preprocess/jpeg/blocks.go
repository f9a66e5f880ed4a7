package jpeg

// block decodes a block of a sequential scan: into the coefficient at out the
// DC, behind it the AC coefficients where order puts them. out is zero before.
func (b *bitReader) block(dc, ac *huffTable, pred *int32, out *[64]int16, order *[64]uint8) error {
	if b.n < 32 {
		b.refill()
	}
	if err := b.dc(dc, pred); err != nil {
		return err
	}
	out[0] = int16(*pred)
	acc, n := b.acc, b.n
	for k := uint(0); k < 63; {
		if n < 32 {
			b.acc, b.n = acc, n
			b.refill()
			acc, n = b.acc, b.n
		}
		e := ac.fast[acc>>(64-fastBits)]
		value, length := e.value(), e.length()
		acc <<= length
		n -= length
		if value != 0 {
			k += uint(e>>12&15) + 1
			if k > 63 {
				b.acc, b.n = acc, n
				return errIndex
			}
			out[order[k]&63] = value
			continue
		}
		symbol := e.symbol()
		if e == 0 {
			if symbol, length = ac.long(acc); length == 0 {
				b.acc, b.n = acc, n
				return errCode
			}
			acc <<= length & 63
			n -= length
		}
		size := uint(symbol & 15)
		if size == 0 && symbol != 0xf0 {
			break // end of block
		}
		k += uint(symbol>>4) + 1
		if k > 63 {
			b.acc, b.n = acc, n
			return errIndex
		}
		if size > 0 {
			out[order[k]&63] = int16(extend(int32(acc>>((64-size)&63)), size))
			acc <<= size
			n -= size
		}
	}
	b.acc, b.n = acc, n
	return nil
}

// dc decodes a DC difference and adds it to the prediction; 32 bits are valid.
func (b *bitReader) dc(h *huffTable, pred *int32) error {
	e := h.fast[b.acc>>(64-fastBits)]
	length := e.length()
	if e.value() == 0 && e.symbol() != 0 || e == 0 {
		diff, err := b.difference(h)
		*pred += diff
		return err
	}
	b.acc <<= length
	b.n -= length
	*pred += int32(e.value())
	return nil
}

// passBlock is block without its AC coefficients, which are only checked.
func (b *bitReader) passBlock(dc, ac *huffTable, pred *int32) error {
	if b.n < 32 {
		b.refill()
	}
	if err := b.dc(dc, pred); err != nil {
		return err
	}
	acc, n := b.acc, b.n
	for k := uint(0); k < 63; {
		if n < 32 {
			b.acc, b.n = acc, n
			b.refill()
			acc, n = b.acc, b.n
		}
		e := ac.skip[acc>>(64-skipBits)]
		to := k + uint(e>>5&127)
		if e != 0 && to < 63 {
			length := uint(e & 31)
			acc <<= length
			n -= length
			k = to
			if e >= skipEnd {
				break
			}
			continue
		}
		b.acc, b.n = acc, n
		symbol, err := b.symbol(ac)
		if err != nil {
			return err
		}
		size := uint(symbol & 15)
		if size == 0 && symbol != 0xf0 {
			return nil
		}
		if k += uint(symbol>>4) + 1; k > 63 {
			return errIndex
		}
		acc, n = b.acc<<size, b.n-size
	}
	b.acc, b.n = acc, n
	return nil
}
