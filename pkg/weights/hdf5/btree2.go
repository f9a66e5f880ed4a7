package hdf5

import "math/bits"

// Kinds of version 2 B-trees that this reader meets.
const (
	treeOfHugeObjects      = 1 // of a fractal heap
	treeOfLinks            = 5 // by the hash of their names
	treeOfAttributes       = 8 // by the hash of their names
	treeOfPlainChunks      = 10
	treeOfFilteredChunks   = 11
	node2Prefix            = 6 // signature, version, kind
	node2Overhead          = node2Prefix + 4
	maxTree2Depth          = 32
	minTree2Node, maxNode2 = 64, 1 << 26
)

// tree2 is a version 2 B-tree.
type tree2 struct {
	f      *File
	kind   byte
	node   uint64 // bytes
	record int    // bytes
	levels []level2
	visit  func(record []byte) error
}

// level2 is what nodes of one level have room for; level 0 are the leaves.
type level2 struct {
	most       uint64 // records of a node
	total      uint64 // records below and in a node
	countBytes int    // of the number of records of a node
	totalBytes int    // of the number of records below and in a node
}

// tree2 visits the records of the tree at an address in the order of the
// tree. Records must be of one of the kinds and have at least size bytes.
func (f *File) tree2(at uint64, kind byte, size int, visit func(record []byte) error) error {
	const what, length = "B-tree", 38
	c, err := f.checked(what, "BTHD", 0, at, length)
	if err != nil {
		return err
	}
	t := tree2{f: f, kind: c.u8(), visit: visit}
	t.node, t.record = uint64(c.u32()), int(c.u16())
	depth := int(c.u16())
	c.skip(2)
	root, records := c.u64(), uint64(c.u16())
	switch {
	case t.kind != kind:
		return refuse("%s at %d is of kind %d, expected %d", what, at, t.kind, kind)
	case t.record < size:
		return refuse("%s at %d has records of %d bytes, expected at least %d", what, at, t.record, size)
	case t.node < minTree2Node || t.node > maxNode2 || uint64(t.record)+node2Overhead > t.node:
		return refuse("%s at %d has nodes of %d and records of %d bytes", what, at, t.node, t.record)
	case depth > maxTree2Depth:
		return refuse("%s at %d has %d levels, more than %d", what, at, depth, maxTree2Depth)
	case records == 0:
		return nil
	}
	t.measure(depth)
	return t.walk(root, records, depth)
}

// measure computes what the format makes readers compute: how many records
// each level's nodes hold, and so how wide their counts are.
func (t *tree2) measure(depth int) {
	leaf := (t.node - node2Overhead) / uint64(t.record)
	width := byteWidth(leaf)
	t.levels = []level2{{most: leaf, total: leaf, countBytes: width}}
	for i := 1; i <= depth; i++ {
		below := t.levels[i-1]
		pointer := uint64(8 + width + below.totalBytes)
		most := uint64(0)
		if t.node > node2Overhead+pointer {
			most = (t.node - node2Overhead - pointer) / (uint64(t.record) + pointer)
		}
		high, total := bits.Mul64(most+1, below.total)
		if high != 0 || total > 1<<62 {
			total = 1 << 62
		}
		total += most
		t.levels = append(t.levels, level2{most: most, total: total, countBytes: width, totalBytes: byteWidth(total)})
	}
}

// byteWidth is the number of bytes that an integer takes.
func byteWidth(n uint64) int { return (bits.Len64(n) + 7) / 8 }

func (t *tree2) walk(at, records uint64, depth int) error {
	l := t.levels[depth]
	if records > l.most {
		return refuse("B-tree node at %d claims %d records, more than the %d that fit", at, records, l.most)
	}
	size := node2Prefix + records*uint64(t.record)
	signature := "BTLF"
	if depth > 0 {
		signature = "BTIN"
		below := t.levels[depth-1]
		size += (records + 1) * uint64(8+below.countBytes+below.totalBytes)
	}
	c, err := t.f.checked("B-tree node", signature, 0, at, size+4)
	if err != nil {
		return err
	}
	if kind := c.u8(); kind != t.kind {
		return refuse("B-tree node at %d is of kind %d, expected %d", at, kind, t.kind)
	}
	body := c.take(records * uint64(t.record))
	for i := uint64(0); ; i++ {
		if depth > 0 {
			below := t.levels[depth-1]
			child, n := c.u64(), c.uint(below.countBytes)
			c.skip(uint64(below.totalBytes))
			if err := t.walk(child, n, depth-1); err != nil {
				return err
			}
		}
		if i == records {
			return nil
		}
		if err := t.visit(body[int(i)*t.record : int(i+1)*t.record]); err != nil {
			return err
		}
	}
}
