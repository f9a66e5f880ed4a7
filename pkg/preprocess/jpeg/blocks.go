package jpeg

// blocks decodes a block of each unit, that of MCU i of a chunk: to where the unit
// keeps it the DC coefficient, behind it the AC coefficients where order puts
// them. The coefficients are zero before; after an error they are anything.
func (b *bitReader) blocks(units []unit, i int, order *[64]uint8) error {
	acc, n, pos := b.acc, b.n, b.pos
	for j := range units {
		u := &units[j]
		out := (*[64]int16)(u.coefs[i*u.step:])
		pairs := u.ac.pairs
		acc, n, pos = b.refilled(acc, n, pos)
		if e := u.dc.fast[acc>>(64-fastBits)]; e&fastWhole != 0 {
			acc <<= e.length()
			n -= e.length()
			u.c.pred += int32(e.value())
		} else {
			b.acc, b.n, b.pos = acc, n, pos
			if err := b.longDC(u); err != nil {
				return err
			}
			acc, n, pos = b.acc, b.n, b.pos
		}
		out[0] = int16(u.c.pred)

		k := uint(0) // the last index that is known
		for {
			// A refill suffices for a DC code, or one of AC that is not in pairs,
			// and two entries of pairs.
			e := pairs[acc>>(64-fastBits)]
			if to := k + e.first() + e.second(); to < 63 {
				first, second := e.values()
				acc <<= e.length()
				n -= e.length()
				out[order[to&63]&63] = second
				out[order[(k+e.first())&63]&63] = first
				k = to
				if e&pairEnd != 0 {
					break
				}
				e = pairs[acc>>(64-fastBits)]
				if to := k + e.first() + e.second(); to < 63 {
					first, second := e.values()
					acc <<= e.length()
					n -= e.length()
					out[order[to&63]&63] = second
					out[order[(k+e.first())&63]&63] = first
					k = to
					if e&pairEnd != 0 {
						break
					}
					acc, n, pos = b.refilled(acc, n, pos)
					continue
				}
			}
			b.acc, b.n, b.pos = acc, n, pos
			run, value, err := b.coefficient(u.ac)
			if err != nil {
				return err
			}
			acc, n, pos = b.acc, b.n, b.pos
			if run == 0 {
				break
			}
			if k += run; k > 63 {
				return errIndex
			}
			out[order[k]&63] = value
			if k == 63 {
				break
			}
		}
	}
	b.acc, b.n, b.pos = acc, n, pos
	return nil
}

// longDC adds a DC difference to the prediction that a look-up does not cover.
func (b *bitReader) longDC(u *unit) error {
	diff, err := b.difference(u.dc)
	u.c.pred += diff
	return err
}

// coefficient decodes an AC code with its magnitude bits: run counts the
// coefficient, and is 0 at an end of block. A refill's bits are left.
func (b *bitReader) coefficient(ac *huffTable) (run uint, value int16, err error) {
	symbol, err := b.symbol(ac)
	if err != nil {
		return 0, 0, err
	}
	size := uint(symbol & 15)
	run = uint(symbol>>4) + 1
	switch {
	case size > 0:
		value = int16(extend(b.bits(size), size))
	case symbol != 0xf0:
		run = 0
	}
	b.refill()
	return run, value, nil
}

// passBlocks is blocks for blocks of which no AC coefficient is wanted, and the DC
// coefficient only with keep.
func (b *bitReader) passBlocks(units []unit, i int, keep bool) error {
	acc, n, pos := b.acc, b.n, b.pos
	for j := range units {
		u := &units[j]
		pairs := u.ac.pairs
		acc, n, pos = b.refilled(acc, n, pos)
		if e := u.dc.fast[acc>>(64-fastBits)]; e&fastWhole != 0 {
			acc <<= e.length()
			n -= e.length()
			u.c.pred += int32(e.value())
		} else {
			b.acc, b.n, b.pos = acc, n, pos
			if err := b.longDC(u); err != nil {
				return err
			}
			acc, n, pos = b.acc, b.n, b.pos
		}
		if keep {
			u.coefs[i*u.step] = int16(u.c.pred)
		}

		k := uint(0)
		for {
			e := pairs[acc>>(64-fastBits)]
			if to := k + e.first() + e.second(); to < 63 {
				acc <<= e.length()
				n -= e.length()
				k = to
				if e&pairEnd != 0 {
					break
				}
				e = pairs[acc>>(64-fastBits)]
				if to := k + e.first() + e.second(); to < 63 {
					acc <<= e.length()
					n -= e.length()
					k = to
					if e&pairEnd != 0 {
						break
					}
					acc, n, pos = b.refilled(acc, n, pos)
					continue
				}
			}
			b.acc, b.n, b.pos = acc, n, pos
			run, _, err := b.coefficient(u.ac)
			if err != nil {
				return err
			}
			acc, n, pos = b.acc, b.n, b.pos
			if run == 0 {
				break
			}
			if k += run; k > 63 {
				return errIndex
			}
			if k == 63 {
				break
			}
		}
	}
	b.acc, b.n, b.pos = acc, n, pos
	return nil
}
