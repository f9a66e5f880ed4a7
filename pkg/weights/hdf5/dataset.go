package hdf5

// Dataset is an array of numbers or strings.
type Dataset struct {
	object

	Shape []int // outermost first; empty for a scalar
	Type  Type

	most    []uint64 // what each dimension may grow to
	layout  layout
	filters []filter
}

func newDataset(o object) (*Dataset, error) {
	d := &Dataset{object: o}
	h := o.header
	if h.first(msgExternalFiles) != nil {
		return nil, refuse("the data is in other files, which are not opened")
	}
	for _, kind := range []uint16{msgDataspace, msgDatatype} {
		if h.first(kind) == nil {
			return nil, refuse("a dataset without a message of kind %d", kind)
		}
	}
	space, err := parseSpace(h.first(msgDataspace))
	if err != nil {
		return nil, err
	}
	d.Shape, d.most = space.shape, space.most
	if d.Type, err = parseType(h.first(msgDatatype)); err != nil {
		return nil, err
	}
	if _, fits := product(uint64(count(d.Shape)), uint64(d.Type.Size)); !fits {
		return nil, refuse("%v elements of type %v are more than any file has", d.Shape, d.Type)
	}
	if d.layout, err = parseLayout(h.first(msgLayout)); err != nil {
		return nil, err
	}
	if b := h.first(msgFilters); b != nil {
		d.filters, err = parseFilters(b)
	}
	return d, err
}

// Len is the number of elements.
func (d *Dataset) Len() int { return count(d.Shape) }

// size is the number of bytes of all elements.
func (d *Dataset) size() uint64 { return uint64(d.Len()) * uint64(d.Type.Size) }

// Float32s reads numbers, row-major, converted to float32: floats of 16, 32
// and 64 bits in either byte order, and integers. The result may share the
// file's bytes and must not be written to.
func (d *Dataset) Float32s() ([]float32, error) {
	return read(d, values.float32s)
}

// BFloat16s reads elements of two bytes as bfloat16, whatever type they claim.
func (d *Dataset) BFloat16s() ([]float32, error) {
	return read(d, values.bfloats)
}

// Ints reads integers, row-major.
func (d *Dataset) Ints() ([]int64, error) {
	return read(d, values.ints)
}

// Strings reads strings of fixed or variable length, row-major.
func (d *Dataset) Strings() ([]string, error) {
	return read(d, values.strings)
}

func read[T any](d *Dataset, as func(values) ([]T, error)) ([]T, error) {
	raw, err := d.Bytes()
	if err != nil {
		return nil, err
	}
	return as(values{f: d.f, what: d.String(), kind: d.Type, shape: d.Shape, raw: raw})
}

// Bytes is the elements as they are stored, row-major. It allocates only where
// the data lies in chunks, and then nothing before every chunk was found in
// the file. The result may share the file's bytes.
func (d *Dataset) Bytes() ([]byte, error) {
	b, err := d.bytes()
	if err != nil {
		return nil, refuse("%s: %v", d, err)
	}
	return b, nil
}

func (d *Dataset) bytes() ([]byte, error) {
	size := d.size()
	switch l := d.layout; l.class {
	case layoutCompact:
		if uint64(len(l.compact)) < size {
			return nil, refuse("%d bytes of data, expected %d", len(l.compact), size)
		}
		return l.compact[:size], nil
	case layoutContiguous:
		if size == 0 {
			return nil, nil
		}
		if l.at == undefined {
			return nil, refuse("shape %v, but no data", d.Shape)
		}
		if l.size < size {
			return nil, refuse("%d bytes of data, expected %d", l.size, size)
		}
		return d.f.block("data", l.at, size)
	default:
		return d.chunked()
	}
}
