package hdf5

// fixedArray reads the index of a dataset whose size cannot change: one block
// of entries, or pages of them.
func (f *File) fixedArray(at uint64, g *grid, visit func(chunk) error) error {
	const what = "fixed array"
	c, err := f.checked(what, "FAHD", 0, at, 28)
	if err != nil {
		return err
	}
	e, err := entryOf(c.u8(), c.u8())
	if err != nil {
		return err
	}
	pageBits, n, block := c.u8(), c.u64(), c.u64()
	size, fits := product(n, uint64(e.size))
	if !fits || size > uint64(len(f.data)) || n < g.slotCount() || pageBits > 32 {
		return refuse("%s at %d has %d entries in pages of 2^%d, for %d chunks", what, at, n, pageBits, g.total)
	}
	const prefix = 4 + 1 + 1 + 8
	page := uint64(1) << pageBits
	if n <= page {
		c, err := f.checked(what, "FADB", 0, block, prefix+size+4)
		if err != nil {
			return err
		}
		c.at = prefix
		return e.entries(c.rest(), 0, g, visit)
	}
	pages := (n + page - 1) / page
	bitmap := (pages + 7) / 8
	c, err = f.checked(what, "FADB", 0, block, prefix+bitmap+4)
	if err != nil {
		return err
	}
	c.at = prefix
	used := c.take(bitmap)
	at = block + prefix + bitmap + 4
	for i := range pages {
		count := min(page, n-i*page)
		if used[i/8]<<(i%8)&0x80 != 0 {
			if err := f.page(what, at, count, i*page, e, g, visit); err != nil {
				return err
			}
		}
		at += count*uint64(e.size) + 4
	}
	return nil
}

// page visits count entries with a checksum behind them.
func (f *File) page(what string, at, count, first uint64, e entry, g *grid, visit func(chunk) error) error {
	size := count * uint64(e.size)
	b, err := f.block("page of a "+what, at, size+4)
	if err != nil {
		return err
	}
	sum := cursor{b: b, at: int(size)}
	if err := f.checksum("page of a "+what, b[:size], sum.u32()); err != nil {
		return err
	}
	return e.entries(b[:size], first, g, visit)
}
