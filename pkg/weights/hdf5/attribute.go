package hdf5

// Attribute is a named value of a group or a dataset.
type Attribute struct {
	Name  string
	Shape []int // empty for a scalar
	Type  Type

	values values
}

// Strings reads strings of fixed or variable length, row-major.
func (a *Attribute) Strings() ([]string, error) { return a.values.strings() }

// Float32s reads numbers, row-major, converted to float32.
func (a *Attribute) Float32s() ([]float32, error) { return a.values.float32s() }

// Ints reads integers, row-major.
func (a *Attribute) Ints() ([]int64, error) { return a.values.ints() }

// Text reads a single string.
func (a *Attribute) Text() (string, error) {
	list, err := a.Strings()
	if err == nil && len(list) != 1 {
		err = refuse("%s holds %d strings, expected one", a.values.what, len(list))
	}
	if err != nil {
		return "", err
	}
	return list[0], nil
}

// attributes lists the attributes of an object, in its header or dense. Those
// whose elements are of a kind that is not read keep their place.
func (f *File) attributes(h *header) ([]*Attribute, error) {
	var list []*Attribute
	add := func(b []byte) error {
		a, err := f.parseAttribute(b)
		if err == nil {
			list = append(list, a)
		}
		return err
	}
	for _, m := range h.messages {
		var err error
		switch m.kind {
		case msgAttribute:
			err = add(m.data)
		case msgAttributeInfo:
			err = f.denseAttributes(m.data, add)
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (f *File) denseAttributes(b []byte, add func([]byte) error) error {
	const what = "attribute info message"
	c := cursor{b: b}
	if version := c.u8(); version != 0 {
		return refuse("%s of version %d, which this reader does not know", what, version)
	}
	if c.u8()&1 != 0 {
		c.skip(2)
	}
	heap, tree := c.u64(), c.u64()
	if err := c.end(what); err != nil || heap == undefined {
		return err
	}
	return f.dense(heap, tree, treeOfAttributes, 0, 8, add)
}

// parseAttribute reads an attribute message of version 1 to 3.
func (f *File) parseAttribute(b []byte) (*Attribute, error) {
	const what = "attribute message"
	c := cursor{b: b}
	version, flags := c.u8(), c.u8()
	sizes := [3]uint64{uint64(c.u16()), uint64(c.u16()), uint64(c.u16())} // name, type, space
	switch {
	case version < 1 || version > 3:
		return nil, refuse("%s of version %d, which this reader does not know", what, version)
	case version > 1 && flags&3 != 0:
		return nil, refuse("%s whose type or space is shared, which this reader does not know", what)
	case version == 3:
		c.skip(1) // character set
	}
	var parts [3][]byte
	for i, n := range sizes {
		parts[i] = c.take(n)
		if version == 1 {
			c.align(8)
		}
	}
	if err := c.end(what); err != nil {
		return nil, err
	}
	a := &Attribute{Name: cstring(parts[0])}
	var err error
	if a.Type, err = parseType(parts[1]); err != nil {
		return nil, err
	}
	space, err := parseSpace(parts[2])
	if err != nil {
		return nil, err
	}
	a.Shape = space.shape
	size, fits := product(uint64(count(a.Shape)), uint64(a.Type.Size))
	if !fits || size > uint64(len(c.rest())) {
		return nil, refuse("attribute %s of shape %v and type %v has only %d bytes", quote(a.Name), a.Shape, a.Type, len(c.rest()))
	}
	a.values = values{f: f, what: "attribute " + quote(a.Name), kind: a.Type, shape: a.Shape, raw: c.take(size)}
	return a, nil
}
