package hdf5

// localHeap is where the names of an old-style group lie.
func (f *File) localHeap(at uint64) ([]byte, error) {
	c, err := f.structure("local heap", "HEAP", 0, at, 32)
	if err != nil {
		return nil, err
	}
	c.skip(3)
	size := c.u64()
	c.skip(8)
	return f.block("data of a local heap", c.u64(), size)
}

// varLen finds what an element of variable length refers to: length, address
// of a global heap collection, index in it.
func (f *File) varLen(what string, b []byte) ([]byte, error) {
	c := cursor{b: b}
	length, at, index := c.u32(), c.u64(), c.u32()
	if length == 0 {
		return nil, nil
	}
	objects, err := f.globalHeap(at)
	if err != nil {
		return nil, err
	}
	object, ok := objects[uint16(index)]
	switch {
	case !ok || index>>16 != 0:
		return nil, refuse("%s refers to object %d of the global heap at %d, which is not there", what, index, at)
	case uint64(length) > uint64(len(object)):
		return nil, refuse("%s refers to %d bytes in an object of %d", what, length, len(object))
	}
	return object[:length], f.spend(uint64(length))
}

// globalHeap reads a collection: objects by their index.
func (f *File) globalHeap(at uint64) (map[uint16][]byte, error) {
	if objects, ok := f.heaps[at]; ok {
		return objects, nil
	}
	const what, prefix = "global heap", 16
	c, err := f.structure(what, "GCOL", 1, at, prefix)
	if err != nil {
		return nil, err
	}
	c.skip(3)
	size := c.u64()
	if size < prefix {
		return nil, refuse("%s at %d has a size of %d bytes", what, at, size)
	}
	b, err := f.block(what, at, size)
	if err != nil {
		return nil, err
	}
	objects := map[uint16][]byte{}
	for c := (cursor{b: b, at: prefix}); len(c.rest()) >= prefix; {
		index := c.u16()
		c.skip(2 + 4)
		size := c.u64()
		if index == 0 {
			break // free space up to the end
		}
		object := c.take(size)
		if err := c.end(what); err != nil {
			return nil, err
		}
		objects[index] = object
		c.align(8)
	}
	f.heaps[at] = objects
	return objects, nil
}
