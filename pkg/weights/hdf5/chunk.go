package hdf5

import "slices"

// chunk is one chunk as it is stored.
type chunk struct {
	offset []uint64 // of its first element in each dimension
	at     uint64
	size   uint64 // stored bytes
	mask   uint32 // filters that were left out
}

// grid is how a dataset is cut into chunks.
type grid struct {
	shape, chunk []uint64
	counts       []uint64 // chunks in each dimension
	total        uint64   // of chunks
	bytes        uint64   // of a whole chunk
	element      uint64   // bytes
	// Arrays of chunks number them row-major in as many slots as the dataset
	// may grow to, a dimension without limit coming first.
	order []int    // dimensions from the slowest to the fastest
	slots []uint64 // in each dimension
}

// A chunk may be larger than its dataset, but not by more than this.
const spareChunk = 1 << 20

func (d *Dataset) grid() (*grid, error) {
	g := &grid{chunk: d.layout.chunk, element: uint64(d.Type.Size)}
	if len(g.chunk) != len(d.Shape) || len(g.chunk) == 0 || d.layout.element != g.element {
		return nil, refuse("chunks of %v elements of %d bytes in a dataset of shape %v of %v", g.chunk, d.layout.element, d.Shape, d.Type)
	}
	for i, n := range d.Shape {
		if g.chunk[i] == 0 {
			return nil, refuse("chunks of %v elements", g.chunk)
		}
		g.shape = append(g.shape, uint64(n))
		g.counts = append(g.counts, ceil(uint64(n), g.chunk[i]))
		g.slots = append(g.slots, ceil(d.most[i], g.chunk[i]))
		if d.most[i] == unlimited {
			g.order = slices.Insert(g.order, 0, i)
		} else {
			g.order = append(g.order, i)
		}
	}
	var fits, few bool
	g.total, few = product(g.counts...)
	g.bytes, fits = product(append(slices.Clone(g.chunk), g.element)...)
	if !fits || !few || g.bytes > spareChunk+8*d.size() {
		return nil, refuse("chunks of %v elements in a dataset of shape %v", g.chunk, d.Shape)
	}
	return g, nil
}

// ceil is n/d, rounded up.
func ceil(n, d uint64) uint64 {
	if n%d == 0 {
		return n / d
	}
	return n/d + 1
}

// offset is where the n-th chunk starts, counted row-major.
func (g *grid) offset(n uint64) []uint64 {
	at := make([]uint64, len(g.counts))
	for i := len(at) - 1; i >= 0; i-- {
		at[i] = n % g.counts[i] * g.chunk[i]
		n /= g.counts[i]
	}
	return at
}

// number is the inverse of offset, false where no chunk starts.
func (g *grid) number(offset []uint64) (uint64, bool) {
	n := uint64(0)
	for i, at := range offset {
		if at%g.chunk[i] != 0 || at >= g.shape[i] {
			return 0, false
		}
		n = n*g.counts[i] + at/g.chunk[i]
	}
	return n, true
}

// slotted is where the chunk in a slot starts, false where that is outside of
// the shape.
func (g *grid) slotted(n uint64) (offset []uint64, inside bool) {
	offset = make([]uint64, len(g.counts))
	inside = true
	for i := len(g.order) - 1; i >= 0; i-- {
		dim, at := g.order[i], n
		if i > 0 {
			at, n = n%g.slots[dim], n/g.slots[dim]
		}
		inside = inside && at < g.counts[dim]
		offset[dim] = at * g.chunk[dim]
	}
	return offset, inside
}

// slot is the inverse of slotted.
func (g *grid) slot(offset []uint64) uint64 {
	n := uint64(0)
	for _, dim := range g.order {
		n = n*g.slots[dim] + offset[dim]/g.chunk[dim]
	}
	return n
}

// slotCount is how many slots there are up to the last chunk's.
func (g *grid) slotCount() uint64 { return g.slot(g.offset(g.total-1)) + 1 }

// partial tells whether a chunk reaches over the edge.
func (g *grid) partial(offset []uint64) bool {
	for i, at := range offset {
		if g.shape[i]-at < g.chunk[i] {
			return true
		}
	}
	return false
}

// chunked puts a dataset together from its chunks. All of them must be there:
// a shape larger than what was stored is refused before it is allocated.
func (d *Dataset) chunked() ([]byte, error) {
	if d.size() == 0 {
		return nil, nil
	}
	g, err := d.grid()
	if err != nil {
		return nil, err
	}
	// The least that a chunk takes: an address in an index, or its bytes.
	if g.total > uint64(len(d.f.data)) {
		return nil, refuse("shape %v in chunks of %v: more chunks than the file has bytes", d.Shape, g.chunk)
	}
	chunks, err := d.locate(g)
	if err != nil {
		return nil, err
	}
	out := make([]byte, d.size())
	for _, c := range chunks {
		b, err := d.read(c, g)
		if err != nil {
			return nil, err
		}
		g.place(out, b, c.offset)
	}
	return out, nil
}

// locate finds every chunk, exactly once.
func (d *Dataset) locate(g *grid) ([]chunk, error) {
	var chunks []chunk
	found := map[uint64]bool{}
	stored := uint64(0)
	err := d.index(g, func(c chunk) error {
		n, ok := g.number(c.offset)
		switch {
		case !ok:
			return refuse("a chunk at %v, where none of %v in shape %v starts", c.offset, g.chunk, d.Shape)
		case found[n]:
			return refuse("two chunks at %v", c.offset)
		case c.at == undefined:
			return refuse("no chunk at %v", c.offset)
		case c.size > uint64(len(d.f.data)) || g.bytes/maxDeflate > c.size:
			return refuse("a chunk of %d bytes stored as %d", g.bytes, c.size)
		}
		if stored += c.size; stored > uint64(len(d.f.data)) {
			return refuse("chunks of more bytes than the file has")
		}
		found[n] = true
		chunks = append(chunks, c)
		return nil
	})
	if err == nil && uint64(len(chunks)) != g.total {
		err = refuse("%d of %d chunks are not in the file", g.total-uint64(len(chunks)), g.total)
	}
	return chunks, err
}

// read gives the elements of a chunk.
func (d *Dataset) read(c chunk, g *grid) ([]byte, error) {
	b, err := d.f.block("chunk", c.at, c.size)
	if err != nil {
		return nil, err
	}
	filters := d.filters
	if d.layout.wholeEdges && g.partial(c.offset) {
		filters = nil
	}
	return unfilter(filters, c.mask, b, g.bytes)
}

// place copies the part of a chunk that lies within the dataset, run by run
// of the last dimension.
func (g *grid) place(out, chunk []byte, offset []uint64) {
	last := len(offset) - 1
	width := func(i int) uint64 { return min(g.chunk[i], g.shape[i]-offset[i]) }
	run := width(last) * g.element
	at := make([]uint64, len(offset)) // within the chunk
	for {
		from, to := uint64(0), uint64(0)
		for i := range at {
			from = from*g.chunk[i] + at[i]
			to = to*g.shape[i] + offset[i] + at[i]
		}
		copy(out[to*g.element:][:run], chunk[from*g.element:])
		i := last - 1
		for ; i >= 0; i-- {
			if at[i]++; at[i] < width(i) {
				break
			}
			at[i] = 0
		}
		if i < 0 {
			return
		}
	}
}
