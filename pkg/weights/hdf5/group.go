package hdf5

import (
	"fmt"
	"strings"
)

// object is what groups and datasets have in common.
type object struct {
	f          *File
	path       string // "" for the root
	header     *header
	attributes []*Attribute // read at first use
	listed     bool
}

// Path is the object's path from the root, without a slash in front.
func (o *object) Path() string { return o.path }

// Attributes lists the attributes.
func (o *object) Attributes() ([]*Attribute, error) {
	if !o.listed {
		list, err := o.f.attributes(o.header)
		if err != nil {
			return nil, refuse("%s: %v", o, err)
		}
		o.attributes, o.listed = list, true
	}
	return o.attributes, nil
}

// Attribute finds an attribute by its name; nil where there is none.
func (o *object) Attribute(name string) (*Attribute, error) {
	list, err := o.Attributes()
	for _, a := range list {
		if a.Name == name {
			return a, nil
		}
	}
	return nil, err
}

func (o *object) String() string { return quote("/" + o.path) }

// Group holds datasets and other groups.
type Group struct {
	object

	parent *Group
	links  []Link // read at first use
	index  map[string]int
}

// Root is the group that everything is in.
func (f *File) Root() (*Group, error) {
	h, err := f.header(f.root)
	if err != nil {
		return nil, err
	}
	if !isGroup(h) {
		return nil, refuse("the root of the file is not a group")
	}
	return &Group{object: object{f: f, header: h}}, nil
}

func isGroup(h *header) bool {
	return h.first(msgLayout) == nil && (h.first(msgSymbolTable) != nil || h.first(msgLinkInfo) != nil || h.first(msgLink) != nil)
}

// Links lists the members, in the order of the file.
func (g *Group) Links() ([]Link, error) {
	if g.index == nil {
		links, err := g.f.links(g.header)
		if err != nil {
			return nil, refuse("%s: %v", g, err)
		}
		g.links, g.index = links, make(map[string]int, len(links))
		for i, l := range links {
			g.index[l.Name] = i
		}
	}
	return g.links, nil
}

// Has tells whether there is a member of that name.
func (g *Group) Has(name string) (bool, error) {
	_, err := g.Links()
	_, ok := g.index[name]
	return ok, err
}

// Child opens a member: of the results one is not nil. What is not a hard
// link is refused, and so is a group within itself.
func (g *Group) Child(name string) (*Group, *Dataset, error) {
	ok, err := g.Has(name)
	if err != nil {
		return nil, nil, err
	}
	path := strings.TrimPrefix(g.path+"/"+name, "/")
	if !ok {
		return nil, nil, refuse("%s is not in the file", quote("/"+path))
	}
	link := g.links[g.index[name]]
	if link.Kind != HardLink {
		return nil, nil, refuse("%s is a link of the %s kind, which is not followed", quote("/"+path), link.Kind)
	}
	for above := g; above != nil; above = above.parent {
		if above.header.at == link.at {
			return nil, nil, refuse("%s is the group %s again: a cycle", quote("/"+path), above)
		}
	}
	h, err := g.f.header(link.at)
	if err != nil {
		return nil, nil, refuse("%s: %v", quote("/"+path), err)
	}
	o := object{f: g.f, path: path, header: h}
	switch {
	case isGroup(h):
		return &Group{object: o, parent: g}, nil, nil
	case h.first(msgLayout) != nil:
		d, err := newDataset(o)
		if err != nil {
			return nil, nil, refuse("%s: %v", &o, err)
		}
		return nil, d, nil
	}
	return nil, nil, refuse("%s is neither a group nor a dataset", &o)
}

// Group opens the group at a path from here.
func (g *Group) Group(path string) (*Group, error) {
	for name := range strings.SplitSeq(path, "/") {
		child, _, err := g.Child(name)
		if err != nil {
			return nil, err
		}
		if child == nil {
			return nil, refuse("%s in %s is a dataset, expected a group", quote(name), g)
		}
		g = child
	}
	return g, nil
}

// Dataset opens the dataset at a path from here.
func (g *Group) Dataset(path string) (*Dataset, error) {
	name := path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		parent, err := g.Group(path[:i])
		if err != nil {
			return nil, err
		}
		g, name = parent, path[i+1:]
	}
	_, d, err := g.Child(name)
	if err == nil && d == nil {
		err = refuse("%s in %s is a group, expected a dataset", quote(name), g)
	}
	return d, err
}

// quote shows a name from the file on one bounded line.
func quote(s string) string {
	const most = 120
	if len(s) <= most {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q…", s[:most])
}
