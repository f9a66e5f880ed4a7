package hdf5

import (
	"strings"
	"unicode/utf8"
)

// LinkKind is how a group refers to a member.
type LinkKind string

// Only hard links lead on: the others name a path, which is not followed.
const (
	HardLink     LinkKind = "hard"
	SoftLink     LinkKind = "soft"
	ExternalLink LinkKind = "external"
	UserLink     LinkKind = "user-defined"
)

// Link is one member of a group.
type Link struct {
	Name string
	Kind LinkKind

	at uint64
}

// Limits of a name in a path.
const maxName = 1 << 12

// checkName refuses names that no path can have.
func checkName(name string) error {
	switch {
	case name == "" || name == "." || strings.ContainsAny(name, "/\x00"):
		return refuse("group with a member named %s", quote(name))
	case len(name) > maxName || !utf8.ValidString(name):
		return refuse("group with a member whose name is too long or not UTF-8: %s", quote(name))
	}
	return nil
}

// links lists the members of a group, old or new style.
func (f *File) links(h *header) ([]Link, error) {
	var list []Link
	names := map[string]bool{}
	add := func(l Link) error {
		if err := checkName(l.Name); err != nil {
			return err
		}
		if names[l.Name] {
			return refuse("group with two members named %s", quote(l.Name))
		}
		names[l.Name] = true
		list = append(list, l)
		return nil
	}
	for _, m := range h.messages {
		var err error
		switch m.kind {
		case msgSymbolTable:
			err = f.symbolTable(m.data, add)
		case msgLink:
			err = parseLink(m.data, add)
		case msgLinkInfo:
			err = f.denseLinks(m.data, add)
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// symbolTable reads an old-style group: a tree whose leaves list members.
func (f *File) symbolTable(b []byte, add func(Link) error) error {
	c := cursor{b: b}
	tree, heap := c.u64(), c.u64()
	if err := c.end("symbol table message"); err != nil {
		return err
	}
	names, err := f.localHeap(heap)
	if err != nil {
		return err
	}
	return f.tree1(tree, treeOfGroups, 8, func(_ []byte, child uint64) error {
		return f.symbols(child, names, add)
	})
}

// symbols reads a symbol table node.
func (f *File) symbols(at uint64, names []byte, add func(Link) error) error {
	const what, prefix, entry, soft = "symbol table node", 8, 40, 2
	c, err := f.structure(what, "SNOD", 1, at, prefix)
	if err != nil {
		return err
	}
	c.skip(1)
	n := uint64(c.u16())
	b, err := f.block(what, at+prefix, n*entry)
	if err != nil {
		return err
	}
	for c := (cursor{b: b}); len(c.rest()) > 0; {
		name, header, cache := c.u64(), c.u64(), c.u32()
		c.skip(4 + 16)
		if name >= uint64(len(names)) {
			return refuse("%s at %d has a name at %d of %d bytes", what, at, name, len(names))
		}
		l := Link{Name: cstring(names[name:min(name+maxName+1, uint64(len(names)))]), Kind: HardLink, at: header}
		if cache == soft {
			l.Kind = SoftLink
		}
		if err := add(l); err != nil {
			return err
		}
	}
	return nil
}

// parseLink reads a link message.
func parseLink(b []byte, add func(Link) error) error {
	const what = "link message"
	c := cursor{b: b}
	if version := c.u8(); version != 1 {
		return refuse("%s of version %d, which this reader does not know", what, version)
	}
	flags := c.u8()
	kind := uint8(0)
	if flags&0x08 != 0 {
		kind = c.u8()
	}
	if flags&0x04 != 0 {
		c.skip(8) // creation order
	}
	if flags&0x10 != 0 {
		c.skip(1) // character set
	}
	l := Link{Name: string(c.take(c.uint(1 << (flags & 3))))}
	switch kind {
	case 0:
		l.Kind, l.at = HardLink, c.u64()
	case 1:
		l.Kind = SoftLink
	case 64:
		l.Kind = ExternalLink
	default:
		l.Kind = UserLink
	}
	if err := c.end(what); err != nil {
		return err
	}
	return add(l)
}

// denseLinks reads the links of a group that has too many for its header.
func (f *File) denseLinks(b []byte, add func(Link) error) error {
	const what = "link info message"
	c := cursor{b: b}
	if version := c.u8(); version != 0 {
		return refuse("%s of version %d, which this reader does not know", what, version)
	}
	if c.u8()&1 != 0 {
		c.skip(8)
	}
	heap, tree := c.u64(), c.u64()
	if err := c.end(what); err != nil || heap == undefined {
		return err
	}
	return f.dense(heap, tree, treeOfLinks, 4, 7, func(object []byte) error { return parseLink(object, add) })
}

// dense visits the objects of a fractal heap in the order of a tree whose
// records hold their IDs, of size bytes, behind skip other bytes.
func (f *File) dense(heap, tree uint64, kind byte, skip, size int, visit func(object []byte) error) error {
	h, err := f.fractalHeap(heap)
	if err != nil {
		return err
	}
	if h.idLength != size {
		return refuse("fractal heap at %d has IDs of %d bytes, expected %d", heap, h.idLength, size)
	}
	return f.tree2(tree, kind, skip+size, func(record []byte) error {
		object, err := h.object(record[skip : skip+size])
		if err != nil {
			return err
		}
		return visit(object)
	})
}
