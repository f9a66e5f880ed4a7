package hdf5

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
)

// Filters that this reader knows.
const (
	filterDeflate    = 1
	filterShuffle    = 2
	filterFletcher32 = 3
)

// filter is one step from a chunk's elements to its stored bytes.
type filter struct {
	id      uint16
	element int // filterShuffle: bytes of an element
}

// parseFilters reads a filter pipeline message of version 1 or 2. A filter
// that is not known is refused by its name.
func parseFilters(b []byte) ([]filter, error) {
	const what, most = "filter pipeline message", 32
	c := cursor{b: b}
	version, n := c.u8(), int(c.u8())
	switch {
	case version < 1 || version > 2:
		return nil, refuse("%s of version %d, which this reader does not know", what, version)
	case n > most:
		return nil, refuse("%s with %d filters, more than %d", what, n, most)
	case version == 1:
		c.skip(6)
	}
	var filters []filter
	for range n {
		id, nameLength := c.u16(), uint64(0)
		if version == 1 || id >= 256 {
			nameLength = uint64(c.u16())
		}
		c.skip(2) // flags: optional when writing
		values := int(c.u16())
		name := cstring(c.take(nameLength))
		if version == 1 {
			c.align(8)
		}
		fl := filter{id: id}
		for i := range values {
			if v := c.u32(); i == 0 {
				fl.element = int(v)
			}
		}
		if version == 1 && values%2 == 1 {
			c.skip(4)
		}
		if err := c.end(what); err != nil {
			return nil, err
		}
		if id < filterDeflate || id > filterFletcher32 {
			return nil, refuse("compressed by filter %d%s, which this reader does not know", id, named(name))
		}
		filters = append(filters, fl)
	}
	return filters, nil
}

func named(name string) string {
	if name == "" {
		return ""
	}
	return " (" + quote(name) + ")"
}

// unfilter undoes the filters from the last to the first, but for those that
// the mask leaves out. The result has size bytes.
func unfilter(filters []filter, mask uint32, b []byte, size uint64) ([]byte, error) {
	sums := uint64(0) // checksums that filters before the current one added
	for i, fl := range filters {
		if fl.id == filterFletcher32 && mask>>i&1 == 0 {
			sums += 4
		}
	}
	for i := len(filters) - 1; i >= 0; i-- {
		if mask>>i&1 != 0 {
			continue
		}
		var err error
		switch fl := filters[i]; fl.id {
		case filterFletcher32:
			b, err = checkSum(b)
			sums -= 4
		case filterDeflate:
			b, err = inflate(b, size+sums)
		case filterShuffle:
			b = unshuffle(b, fl.element)
		}
		if err != nil {
			return nil, err
		}
	}
	if uint64(len(b)) != size {
		return nil, refuse("a chunk of %d bytes, expected %d", len(b), size)
	}
	return b, nil
}

// checkSum cuts off the Fletcher-32 checksum behind the data.
func checkSum(b []byte) ([]byte, error) {
	if len(b) < 4 {
		return nil, refuse("a chunk of %d bytes, too short for its checksum", len(b))
	}
	data, sum := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if got := fletcher32(data); got != sum {
		return nil, refuse("a chunk has checksum %08x, expected %08x: the file is damaged", got, sum)
	}
	return data, nil
}

// maxDeflate is how much larger than its compressed form anything can be.
const maxDeflate = 1032

// inflate decompresses zlib data that must have size bytes.
func inflate(b []byte, size uint64) ([]byte, error) {
	if size/maxDeflate > uint64(len(b)) {
		return nil, refuse("%d compressed bytes, which cannot be a chunk of %d", len(b), size)
	}
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, refuse("a chunk that is not compressed as it should be: %v", err)
	}
	out := make([]byte, size)
	if n, err := io.ReadFull(r, out); err != nil {
		return nil, refuse("a compressed chunk breaks off after %d of %d bytes: %v", n, size, err)
	}
	// Reading the end compares zlib's checksum.
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return nil, refuse("a compressed chunk does not end after %d bytes, or has a wrong checksum", size)
	}
	return out, nil
}

// unshuffle puts the bytes of each element together again: first bytes of all
// elements lie before all second ones. Bytes behind the last whole element
// stay where they are.
func unshuffle(b []byte, element int) []byte {
	if element < 2 || len(b) < 2*element {
		return b
	}
	n := len(b) / element
	out := make([]byte, len(b))
	for j := range element {
		plane := b[j*n : (j+1)*n]
		for i, x := range plane {
			out[i*element+j] = x
		}
	}
	copy(out[n*element:], b[n*element:])
	return out
}
