package hdf5

// index visits the chunks of a dataset that its index has.
func (d *Dataset) index(g *grid, visit func(chunk) error) error {
	l := d.layout
	if l.at == undefined {
		return nil
	}
	switch l.index {
	case indexSingle:
		c := chunk{offset: g.offset(0), at: l.at, size: g.bytes}
		if l.filtered {
			c.size, c.mask = l.stored, l.mask
		}
		return visit(c)
	case indexImplicit:
		for i := range g.total {
			offset := g.offset(i)
			if err := visit(chunk{offset: offset, at: l.at + g.slot(offset)*g.bytes, size: g.bytes}); err != nil {
				return err
			}
		}
		return nil
	case indexFixed:
		return d.f.fixedArray(l.at, g, visit)
	case indexExtensible:
		return d.f.extensibleArray(l.at, g, visit)
	case indexTree2:
		return d.f.chunkTree2(l.at, g, len(d.filters) > 0, visit)
	}
	return d.f.chunkTree1(l.at, g, visit)
}

// chunkTree1 reads a version 1 B-tree: the key of a chunk is its stored size,
// its mask and its offset, with one more dimension for the bytes of an element.
func (f *File) chunkTree1(at uint64, g *grid, visit func(chunk) error) error {
	keySize := uint64(8 + 8*(len(g.shape)+1))
	return f.tree1(at, treeOfChunks, keySize, func(key []byte, child uint64) error {
		k := cursor{b: key}
		c := chunk{at: child, size: uint64(k.u32()), mask: k.u32()}
		for range g.shape {
			c.offset = append(c.offset, k.u64())
		}
		return visit(c)
	})
}

// chunkTree2 reads a version 2 B-tree: address, stored size and mask where
// there are filters, and the offset in chunks.
func (f *File) chunkTree2(at uint64, g *grid, filtered bool, visit func(chunk) error) error {
	kind, least := byte(treeOfPlainChunks), 8+8*len(g.shape)
	if filtered {
		kind, least = treeOfFilteredChunks, least+1+4
	}
	return f.tree2(at, kind, least, func(record []byte) error {
		e := entry{filtered: filtered, size: len(record) - 8*len(g.shape)}
		c := e.parse(record[:e.size], g)
		for k := (cursor{b: record, at: e.size}); len(c.offset) < len(g.shape); {
			scaled, ok := product(k.u64(), g.chunk[len(c.offset)])
			if !ok {
				return refuse("a chunk outside of every shape")
			}
			c.offset = append(c.offset, scaled)
		}
		return visit(c)
	})
}

// entry is what an index holds of a chunk: its address, and where there are
// filters the stored size in as many bytes as are left, and the mask.
type entry struct {
	filtered bool
	size     int
}

// entryOf reads what arrays of chunks say of their elements.
func entryOf(client, size uint8) (entry, error) {
	e := entry{filtered: client == 1, size: int(size)}
	if client > 1 || !e.filtered && size != 8 || e.filtered && (size < 8+1+4 || size > 8+8+4) {
		return e, refuse("chunk index with entries of kind %d and %d bytes", client, size)
	}
	return e, nil
}

func (e entry) parse(b []byte, g *grid) chunk {
	k := cursor{b: b}
	c := chunk{at: k.u64(), size: g.bytes}
	if e.filtered {
		c.size, c.mask = k.uint(e.size-8-4), k.u32()
	}
	return c
}

// entries visits the chunks whose slots are b, the first of them first.
func (e entry) entries(b []byte, first uint64, g *grid, visit func(chunk) error) error {
	for n := g.slotCount(); first < n && len(b) >= e.size; first++ {
		c := e.parse(b, g)
		b = b[e.size:]
		offset, inside := g.slotted(first)
		if !inside {
			continue
		}
		c.offset = offset
		if err := visit(c); err != nil {
			return err
		}
	}
	return nil
}
