package hdf5

import "math/bits"

// extensible is the index of a dataset that can grow in one dimension: some
// entries in the index block itself, then data blocks that grow, those of
// later super blocks behind one more level of addresses.
type extensible struct {
	f          *File
	g          *grid
	visit      func(chunk) error
	at         uint64 // of the header
	entry      entry
	minimum    uint64 // entries of the smallest data block
	pageBits   uint8
	offsetSize int
	next       uint64 // first slot of the next data block
}

func (f *File) extensibleArray(at uint64, g *grid, visit func(chunk) error) error {
	const what, length = "extensible array", 72
	c, err := f.checked(what, "EAHD", 0, at, length)
	if err != nil {
		return err
	}
	x := &extensible{f: f, g: g, visit: visit, at: at}
	if x.entry, err = entryOf(c.u8(), c.u8()); err != nil {
		return err
	}
	maxBits, inIndex, minimum, pointers := c.u8(), uint64(c.u8()), uint64(c.u8()), uint64(c.u8())
	x.pageBits = c.u8()
	c.skip(6 * 8)
	index := c.u64()
	if maxBits == 0 || maxBits > 62 || !power(minimum) || minimum > 1<<maxBits || !power(pointers) || x.pageBits > 32 {
		return refuse("%s at %d of 2^%d entries, %d a block, %d blocks", what, at, maxBits, minimum, pointers)
	}
	x.minimum, x.offsetSize = minimum, int(maxBits+7)/8
	supers := 1 + int(maxBits) - bits.TrailingZeros64(minimum)
	inner := min(supers, 2*bits.TrailingZeros64(pointers)) // super blocks whose addresses stand in the index
	return x.indexBlock(index, inIndex, 2*(pointers-1), inner, supers)
}

func (x *extensible) indexBlock(at, entries, blocks uint64, inner, supers int) error {
	const what, prefix = "index of an extensible array", 4 + 1 + 1 + 8
	outer := supers - inner
	c, err := x.f.checked(what, "EAIB", 0, at, prefix+entries*uint64(x.entry.size)+(blocks+uint64(outer))*8+4)
	if err != nil {
		return err
	}
	c.at = prefix
	if err := x.entry.entries(c.take(entries*uint64(x.entry.size)), 0, x.g, x.visit); err != nil {
		return err
	}
	x.next = entries
	for super := range supers {
		if x.next >= x.g.slotCount() {
			return nil
		}
		count, size := uint64(1)<<(super/2), x.minimum<<((super+1)/2)
		if super < inner {
			for range count {
				if err := x.dataBlock(c.u64(), size); err != nil {
					return err
				}
			}
			continue
		}
		if super == inner {
			c.at = len(c.b) - 8*outer
		}
		if err := x.superBlock(c.u64(), count, size); err != nil {
			return err
		}
	}
	return c.end(what)
}

// superBlock lists count data blocks of size entries, and which of their
// pages were written.
func (x *extensible) superBlock(at, count, size uint64) error {
	if at == undefined {
		x.next += count * size
		return nil
	}
	const what = "super block of an extensible array"
	prefix := uint64(4 + 1 + 1 + 8 + x.offsetSize)
	bitmap := uint64(0)
	if pages := size >> x.pageBits; pages > 1 {
		bitmap = (pages + 7) / 8
	}
	if size > 1<<40 {
		return refuse("%s at %d with blocks of %d entries", what, at, size)
	}
	c, err := x.f.checked(what, "EASB", 0, at, prefix+count*(bitmap+8)+4)
	if err != nil {
		return err
	}
	c.at = int(prefix + count*bitmap)
	for range count {
		if err := x.dataBlock(c.u64(), size); err != nil {
			return err
		}
	}
	return nil
}

// dataBlock holds size entries, as a whole or in pages.
func (x *extensible) dataBlock(at, size uint64) error {
	first := x.next
	x.next += size
	if at == undefined || first >= x.g.slotCount() {
		return nil
	}
	const what = "data block of an extensible array"
	prefix := uint64(4 + 1 + 1 + 8 + x.offsetSize)
	if page := uint64(1) << x.pageBits; size > page {
		return x.pages(at, prefix, size/page, page, first)
	}
	c, err := x.f.checked(what, "EADB", 0, at, prefix+size*uint64(x.entry.size)+4)
	if err != nil {
		return err
	}
	c.at = int(prefix)
	return x.entry.entries(c.rest(), first, x.g, x.visit)
}

// pages stops at the first page that no chunk needs: later ones may never have
// been written.
func (x *extensible) pages(at, prefix, pages, page, first uint64) error {
	const what = "data block of an extensible array"
	if _, err := x.f.checked(what, "EADB", 0, at, prefix+4); err != nil {
		return err
	}
	at += prefix + 4
	for range pages {
		if first >= x.g.slotCount() {
			return nil
		}
		if err := x.f.page(what, at, page, first, x.entry, x.g, x.visit); err != nil {
			return err
		}
		at, first = at+page*uint64(x.entry.size)+4, first+page
	}
	return nil
}
