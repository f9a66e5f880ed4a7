package jpeg

// prepareSequential checks a scan of a baseline or extended sequential frame.
// Its spectral selection is fixed; what some files say of it is ignored, as
// libjpeg does.
func (d *decoder) prepareSequential(s *scan) error {
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
	s.mcu = (*decoder).sequentialMCU
	return nil
}

// sequentialMCU decodes the blocks of an MCU into the planes.
func (d *decoder) sequentialMCU(s *scan) error {
	if len(s.comps) == 1 {
		return d.sequentialBlock(s.comps[0], s.x, s.y)
	}
	for _, c := range s.comps {
		for v := range c.v {
			for h := range c.h {
				if err := d.sequentialBlock(c, s.x*c.h+h, s.y*c.v+v); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// greyMCU is sequentialMCU for data that is missing.
func (d *decoder) greyMCU(s *scan) {
	if len(s.comps) == 1 {
		flat(128, s.comps[0].plane.at(s.x, s.y), s.comps[0].plane.stride)
		return
	}
	for _, c := range s.comps {
		for v := range c.v {
			for h := range c.h {
				flat(128, c.plane.at(s.x*c.h+h, s.y*c.v+v), c.plane.stride)
			}
		}
	}
}

// sequentialBlock decodes and transforms block (bx, by) of a component.
func (d *decoder) sequentialBlock(c *component, bx, by int) error {
	diff, err := d.bits.difference(c.dc)
	if err != nil {
		return err
	}
	c.pred += diff
	d.block[0] = c.pred * c.quant[0]
	shape, err := d.bits.coefficients(c.ac, c.quant, &d.block)
	if err != nil {
		d.block = [64]int32{}
		return err
	}
	inverseDCT(&d.block, shape, c.plane.at(bx, by), c.plane.stride)
	return nil
}

// coefficients decodes the AC coefficients of a block, multiplies them by
// their quantisation steps and returns their shape.
func (b *bitReader) coefficients(h *huffTable, quant, block *[64]int32) (shape uint32, err error) {
	acc, n := b.acc, b.n
	for k := uint(1); k < 64; k++ {
		if n < 32 {
			b.acc, b.n = acc, n
			b.refill()
			acc, n = b.acc, b.n
		}
		e := h.fast[acc>>(64-fastBits)]
		symbol, value, length := e.symbol(), e.value(), e.length()
		if value == 0 {
			if e == 0 {
				if symbol, length = h.long(acc); length == 0 {
					b.acc, b.n = acc, n
					return 0, errCode
				}
			}
			acc <<= length & 63
			n -= length
			size := uint(symbol & 15)
			if size == 0 {
				if symbol != 0xf0 {
					break // end of block
				}
				k += 15
				if k > 63 {
					b.acc, b.n = acc, n
					return 0, errIndex
				}
				continue
			}
			value, length = extend(int32(acc>>(64-size)), size), size
		}
		acc <<= length & 63
		n -= length
		k += uint(symbol >> 4)
		if k > 63 {
			b.acc, b.n = acc, n
			return 0, errIndex
		}
		p := position[k]
		shape |= p
		block[p&63] = value * quant[k]
	}
	b.acc, b.n = acc, n
	return shape, nil
}
