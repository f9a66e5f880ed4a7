package jpeg

import "encoding/binary"

// block decodes a block of a sequential scan: into the coefficient at out the
// DC, behind it the AC coefficients where order puts them. out is zero before;
// after an error it holds anything.
func (b *bitReader) block(dc, ac *huffTable, pred *int32, out *[64]int16, order *[64]uint8) error {
	b.refill()
	if e := dc.fast[b.acc>>(64-fastBits)]; e.value() != 0 || e.zero() {
		b.acc <<= e.length()
		b.n -= e.length()
		*pred += int32(e.value())
	} else if err := b.longDC(dc, pred); err != nil {
		return err
	}
	out[0] = int16(*pred)
	acc, n, pos := b.acc, b.n, b.pos
	k := uint(0) // the last index that is known
	for k < 63 {
		// A refill suffices for two short codes and a long one.
		acc |= binary.BigEndian.Uint64(b.buf[pos:]) >> (n & 63)
		pos += int((63 - n) >> 3)
		n |= 56

		e := ac.fast[acc>>(64-fastBits)]
		acc <<= e.length()
		n -= e.length()
		if e.value() != 0 {
			k += uint(e>>12&15) + 1
			out[order[k&63]&63] = e.value()
			if k >= 63 {
				break
			}
			e = ac.fast[acc>>(64-fastBits)]
			acc <<= e.length()
			n -= e.length()
		}
		if e.value() != 0 {
			k += uint(e>>12&15) + 1
			out[order[k&63]&63] = e.value()
			if k >= 63 {
				break
			}
			e = ac.fast[acc>>(64-fastBits)]
			acc <<= e.length()
			n -= e.length()
		}
		if e.value() != 0 {
			k += uint(e>>12&15) + 1
			out[order[k&63]&63] = e.value()
			continue
		}
		symbol := e.symbol()
		if e == 0 {
			length := uint(0)
			if symbol, length = ac.long(acc); length == 0 {
				b.acc, b.n, b.pos = acc, n, pos
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
		if size > 0 {
			out[order[k&63]&63] = int16(extend(int32(acc>>((64-size)&63)), size))
			acc <<= size
			n -= size
		}
	}
	b.acc, b.n, b.pos = acc, n, pos
	if k > 63 {
		return errIndex
	}
	return nil
}

// longDC adds a DC difference to the prediction that a look-up does not cover.
func (b *bitReader) longDC(h *huffTable, pred *int32) error {
	diff, err := b.difference(h)
	*pred += diff
	return err
}

// passBlock is block without its AC coefficients, which are only checked; ac
// is prepared for that.
func (b *bitReader) passBlock(dc, ac *huffTable, pred *int32) error {
	b.refill()
	if e := dc.fast[b.acc>>(64-fastBits)]; e.value() != 0 || e.zero() {
		b.acc <<= e.length()
		b.n -= e.length()
		*pred += int32(e.value())
	} else if err := b.longDC(dc, pred); err != nil {
		return err
	}
	skip := ac.skip
	acc, n, pos := b.acc, b.n, b.pos
	k := uint(0)
	for k < 63 {
		acc |= binary.BigEndian.Uint64(b.buf[pos:]) >> (n & 63)
		pos += int((63 - n) >> 3)
		n |= 56

		// What ends the block may have more codes behind it in its entry.
		e := skip[acc>>(64-skipBits)]
		if to := k + e.passed(); to < 63 {
			acc <<= e.length()
			n -= e.length()
			k = to
			if e >= skipEnd {
				break
			}
			e = skip[acc>>(64-skipBits)]
			if to := k + e.passed(); to < 63 {
				acc <<= e.length()
				n -= e.length()
				k = to
				if e >= skipEnd {
					break
				}
				continue
			}
		}
		b.acc, b.n, b.pos = acc, n, pos
		symbol, err := b.symbol(ac)
		if err != nil {
			return err
		}
		size := uint(symbol & 15)
		acc, n, pos = b.acc<<size, b.n-size, b.pos
		if size == 0 && symbol != 0xf0 {
			break
		}
		k += uint(symbol>>4) + 1
	}
	b.acc, b.n, b.pos = acc, n, pos
	if k > 63 {
		return errIndex
	}
	return nil
}
