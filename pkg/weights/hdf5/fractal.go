package hdf5

import "math/bits"

// fractalHeap holds the links and attributes of objects with many of them.
type fractalHeap struct {
	f                   *File
	at                  uint64
	idLength            int
	hugeTree            uint64
	hugeObjects         map[uint64]extent // read at first use
	width               uint64            // blocks of a row
	start, largest      uint64            // bytes of the first and of the largest direct block
	root                uint64
	rows                int // of the root's indirect block; 0: the root is a direct block
	offsetSize          int // bytes of an offset in the heap
	lengthSize          int // bytes of an object's length
	summed              bool
	directRows, maxRows int
	blocks              map[uint64][]byte // those that were read, by address
}

func (f *File) fractalHeap(at uint64) (*fractalHeap, error) {
	const what, length = "fractal heap", 146
	c, err := f.checked(what, "FRHP", 0, at, length)
	if err != nil {
		return nil, err
	}
	h := &fractalHeap{f: f, at: at, idLength: int(c.u16()), blocks: map[uint64][]byte{}}
	filtered := c.u16() != 0
	h.summed = c.u8()&2 != 0
	largestObject := uint64(c.u32())
	c.skip(8)
	h.hugeTree = c.u64()
	c.skip(10 * 8)
	h.width, h.start, h.largest = uint64(c.u16()), c.u64(), c.u64()
	maxBits := int(c.u16())
	c.skip(2)
	h.root, h.rows = c.u64(), int(c.u16())
	switch {
	case filtered:
		return nil, refuse("%s at %d has filters, which this reader does not know", what, at)
	case maxBits == 0 || maxBits > 64 || !power(h.width) || !power(h.start) || !power(h.largest) || h.largest < h.start:
		return nil, refuse("%s at %d has blocks of %d to %d bytes, %d a row, for %d bits", what, at, h.start, h.largest, h.width, maxBits)
	}
	h.offsetSize = (maxBits + 7) / 8
	h.lengthSize = min(byteWidth(h.largest-1), byteWidth(largestObject))
	h.directRows = bits.TrailingZeros64(h.largest) - bits.TrailingZeros64(h.start) + 2
	h.maxRows = max(maxBits-bits.TrailingZeros64(h.start)-bits.Len64(h.width)+2, 1)
	return h, nil
}

func power(n uint64) bool { return n != 0 && n&(n-1) == 0 }

// rowSize is the size of a row's blocks, each of which doubles from the
// second row on.
func (h *fractalHeap) rowSize(row int) uint64 { return h.start << max(0, row-1) }

// object finds the bytes that a heap ID stands for.
func (h *fractalHeap) object(id []byte) ([]byte, error) {
	const what = "object of a fractal heap"
	c := cursor{b: id}
	flags := c.u8()
	switch flags >> 4 {
	case 0:
		offset, length := c.uint(h.offsetSize), c.uint(h.lengthSize)
		if err := c.end("ID of an " + what); err != nil {
			return nil, err
		}
		return h.managed(offset, length)
	case 1:
		if h.idLength >= 1+8+8 {
			at, length := c.u64(), c.u64()
			if err := c.end("ID of an " + what); err != nil {
				return nil, err
			}
			return h.f.block(what, at, length)
		}
		return h.huge(c.uint(min(8, len(c.rest()))))
	case 2:
		length := uint64(flags & 15)
		if h.idLength > 18 {
			length = length<<8 | uint64(c.u8())
		}
		object := c.take(length + 1)
		return object, c.end("ID of an " + what)
	}
	return nil, refuse("%s with the unknown flags %#x", what, flags)
}

// huge finds an object that lies outside of the heap's blocks.
func (h *fractalHeap) huge(key uint64) ([]byte, error) {
	const what = "object outside of a fractal heap"
	if h.hugeObjects == nil {
		h.hugeObjects = map[uint64]extent{}
		err := h.f.tree2(h.hugeTree, treeOfHugeObjects, 24, func(record []byte) error {
			c := cursor{b: record}
			e := extent{c.u64(), c.u64()}
			h.hugeObjects[c.u64()] = e
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	e, ok := h.hugeObjects[key]
	if !ok {
		return nil, refuse("%s: number %d is not there", what, key)
	}
	return h.f.block(what, e.at, e.size)
}

// managed finds an object by its offset in the heap's own address space.
func (h *fractalHeap) managed(offset, length uint64) ([]byte, error) {
	if h.rows == 0 {
		return h.direct(h.root, h.start, offset, length)
	}
	return h.indirect(h.root, h.rows, offset, length, 0)
}

// direct is a block of objects. Offsets count its prefix too.
func (h *fractalHeap) direct(at, size, offset, length uint64) ([]byte, error) {
	const what = "block of a fractal heap"
	prefix := uint64(5 + 8 + h.offsetSize)
	if h.summed {
		prefix += 4
	}
	if offset < prefix || offset > size || length > size-offset {
		return nil, refuse("object of %d bytes at %d is outside of its %s of %d bytes", length, offset, what, size)
	}
	b, ok := h.blocks[at]
	if !ok || uint64(len(b)) != size {
		var err error
		if b, err = h.readDirect(at, size, prefix); err != nil {
			return nil, err
		}
		h.blocks[at] = b
	}
	return b[offset : offset+length], nil
}

func (h *fractalHeap) readDirect(at, size, prefix uint64) ([]byte, error) {
	const what = "block of a fractal heap"
	c, err := h.f.structure(what, "FHDB", 0, at, size)
	if err != nil {
		return nil, err
	}
	if owner := c.u64(); owner != h.at {
		return nil, refuse("%s at %d belongs to the heap at %d, expected %d", what, at, owner, h.at)
	}
	if !h.summed {
		return c.b, nil
	}
	sum := cursor{b: c.b, at: int(prefix) - 4}
	zeroed := append([]byte(nil), c.b...)
	clear(zeroed[prefix-4 : prefix])
	return c.b, h.f.checksum(what, zeroed, sum.u32())
}

// indirect is a block of addresses: a table of rows, the first of them of
// direct blocks, the others of indirect blocks as large as all rows before.
func (h *fractalHeap) indirect(at uint64, rows int, offset, length uint64, depth int) ([]byte, error) {
	const what, deepest = "block of a fractal heap", 16
	if rows < 1 || rows > h.maxRows || depth > deepest {
		return nil, refuse("%s at %d has %d rows at depth %d, which does not fit its heap", what, at, rows, depth)
	}
	size := uint64(5+8+h.offsetSize) + uint64(rows)*h.width*8 + 4
	b, ok := h.blocks[at]
	if !ok || uint64(len(b)) != size-4 {
		c, err := h.f.checked(what, "FHIB", 0, at, size)
		if err != nil {
			return nil, err
		}
		b = c.b
		h.blocks[at] = b
	}
	c := cursor{b: b, at: 5 + 8 + h.offsetSize}
	start := uint64(0) // of the row
	for row := range rows {
		block := h.rowSize(row)
		if block == 0 || start > offset {
			break
		}
		if i := (offset - start) / block; i < h.width {
			c.skip((uint64(row)*h.width + i) * 8)
			child, inside := c.u64(), offset-start-i*block
			if row < h.directRows {
				return h.direct(child, block, inside, length)
			}
			below := bits.TrailingZeros64(block) - bits.TrailingZeros64(h.start) - bits.Len64(h.width) + 2
			return h.indirect(child, below, inside, length, depth+1)
		}
		start += block * h.width
	}
	return nil, refuse("object at %d is outside of its fractal heap", offset)
}
