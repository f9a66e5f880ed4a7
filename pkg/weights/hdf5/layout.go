package hdf5

// Classes of a layout.
const (
	layoutCompact    = 0
	layoutContiguous = 1
	layoutChunked    = 2
	layoutVirtual    = 3
)

// indexKind is how the chunks of a dataset are found.
type indexKind uint8

// The indices of layout version 4 and 5; version 3 has indexTree1 alone.
const (
	indexTree1      indexKind = 0
	indexSingle     indexKind = 1
	indexImplicit   indexKind = 2
	indexFixed      indexKind = 3
	indexExtensible indexKind = 4
	indexTree2      indexKind = 5
)

// layout is how a dataset is stored.
type layout struct {
	class   uint8
	at      uint64 // of the data, or of the index of the chunks
	size    uint64 // layoutContiguous: bytes
	compact []byte

	chunk      []uint64 // elements of a chunk in each dimension
	element    uint64   // bytes of an element, as the layout has it
	index      indexKind
	wholeEdges bool   // chunks that reach over the edge are not filtered
	filtered   bool   // indexSingle: size and mask of the only chunk follow
	stored     uint64 // indexSingle
	mask       uint32 // indexSingle
}

func parseLayout(b []byte) (layout, error) {
	const what = "layout message"
	c := cursor{b: b}
	version := c.u8()
	l := layout{class: c.u8()}
	if version < 3 || version > 5 {
		return l, refuse("%s of version %d, which this reader does not know", what, version)
	}
	switch l.class {
	case layoutCompact:
		l.compact = c.take(uint64(c.u16()))
	case layoutContiguous:
		l.at, l.size = c.u64(), c.u64()
	case layoutChunked:
		if version == 3 {
			l.chunks3(&c)
		} else if err := l.chunks4(&c); err != nil {
			return l, err
		}
	case layoutVirtual:
		return l, refuse("a virtual dataset: its data is in other files, which are not opened")
	default:
		return l, refuse("%s of class %d, which this reader does not know", what, l.class)
	}
	return l, c.end(what)
}

// dimensions splits the sizes of a chunk: the last is that of an element.
func (l *layout) dimensions(c *cursor, n, width int) {
	sizes := make([]uint64, 0, n)
	for range n {
		sizes = append(sizes, c.uint(width))
	}
	if n == 0 {
		c.short = true
		return
	}
	l.chunk, l.element = sizes[:n-1], sizes[n-1]
}

// chunks3 is a B-tree of version 1.
func (l *layout) chunks3(c *cursor) {
	n := int(c.u8())
	l.at = c.u64()
	l.dimensions(c, n, 4)
}

// chunks4 is one of five indices. Their creation parameters stand in the
// indices too.
func (l *layout) chunks4(c *cursor) error {
	flags, n, width := c.u8(), int(c.u8()), int(c.u8())
	if width < 1 || width > 8 {
		return refuse("layout message with sizes of %d bytes", width)
	}
	l.wholeEdges, l.filtered = flags&1 != 0, flags&2 != 0
	l.dimensions(c, n, width)
	l.index = indexKind(c.u8())
	switch l.index {
	case indexSingle:
		if l.filtered {
			l.stored, l.mask = c.u64(), c.u32()
		}
	case indexImplicit:
	case indexFixed:
		c.skip(1)
	case indexExtensible:
		c.skip(5)
	case indexTree2:
		c.skip(6)
	default:
		return refuse("chunks with an index of kind %d, which this reader does not know", l.index)
	}
	l.at = c.u64()
	return nil
}
