package hdf5

// Kinds of version 1 B-trees.
const (
	treeOfGroups = 0
	treeOfChunks = 1
)

// tree1 visits the leaves of a version 1 B-tree in the order of their keys:
// each with the key before it and the address of its child.
func (f *File) tree1(at uint64, kind byte, keySize uint64, leaf func(key []byte, child uint64) error) error {
	return f.node1(at, kind, keySize, -1, leaf)
}

// node1 visits a node, which must be of the level given unless that is -1:
// levels fall towards the leaves, so that no node can lead back to itself.
func (f *File) node1(at uint64, kind byte, keySize uint64, level int, leaf func([]byte, uint64) error) error {
	const what, prefix = "B-tree", 24
	c, err := f.structure(what, "TREE", kind, at, prefix)
	if err != nil {
		return err
	}
	switch got := int(c.u8()); {
	case level < 0:
		level = got
	case level != got:
		return refuse("%s node at %d is of level %d, expected %d: a cycle, or damage", what, at, got, level)
	}
	n := uint64(c.u16())
	b, err := f.block(what, at+prefix, n*(keySize+8))
	if err != nil {
		return err
	}
	for c := (cursor{b: b}); len(c.rest()) > 0; {
		key, child := c.take(keySize), c.u64()
		if level > 0 {
			err = f.node1(child, kind, keySize, level-1, leaf)
		} else {
			err = leaf(key, child)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
