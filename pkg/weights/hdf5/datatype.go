package hdf5

import "fmt"

// Class is the kind of an element.
type Class uint8

// The classes of HDF5.
const (
	Integer   Class = 0
	Float     Class = 1
	Time      Class = 2
	String    Class = 3
	Bits      Class = 4
	Opaque    Class = 5
	Compound  Class = 6
	Reference Class = 7
	Enum      Class = 8
	VarLen    Class = 9
	Array     Class = 10
)

func (c Class) String() string {
	names := [...]string{
		"integer", "float", "time", "string", "bits", "opaque", "compound", "reference", "enum", "variable-length", "array",
	}
	if int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// Type is the type of an element.
type Type struct {
	Class     Class
	Size      int  // bytes of an element
	BigEndian bool // of numbers
	Signed    bool // of integers

	exponent, mantissa int  // of floats: bits
	text               bool // of VarLen: a string
	pad                byte // of strings: 0 ends at a NUL, 1 padded with NULs, 2 with spaces
}

func (t Type) String() string { return fmt.Sprintf("%s of %d bytes", t.Class, t.Size) }

// IsText tells whether elements are strings.
func (t Type) IsText() bool { return t.Class == String || t.Class == VarLen && t.text }

// parseType reads a datatype message. What the properties of types other than
// numbers and strings say is not looked at.
func parseType(b []byte) (Type, error) {
	c := cursor{b: b}
	head := c.u8()
	bits := c.uint(3)
	size := c.u32()
	t := Type{Class: Class(head & 15), Size: int(size)}
	if err := c.end("datatype"); err != nil {
		return t, err
	}
	if size == 0 || size > 1<<31-1 {
		return t, refuse("datatype of %d bytes", size)
	}
	switch t.Class {
	case Integer:
		t.BigEndian, t.Signed = bits&1 != 0, bits&8 != 0
		offset, precision := c.u16(), c.u16()
		if offset != 0 || int(precision) != 8*t.Size {
			t.Class = Bits
		}
	case Float:
		return t, t.parseFloat(bits, &c)
	case String:
		t.pad = byte(bits & 15)
	case VarLen:
		t.text = bits&15 == 1
		t.pad = byte(bits >> 4 & 15)
		if t.Size != 16 {
			return t, refuse("variable-length datatype of %d bytes, expected 16", t.Size)
		}
	}
	return t, c.end("datatype")
}

// parseFloat takes what is laid out as IEEE 754 lays out its own: sign,
// exponent, mantissa from the top bit to the lowest.
func (t *Type) parseFloat(bits uint64, c *cursor) error {
	offset, precision := c.u16(), c.u16()
	exponentAt, exponent, mantissaAt, mantissa := c.u8(), c.u8(), c.u8(), c.u8()
	bias := c.u32()
	t.BigEndian = bits&1 != 0
	t.exponent, t.mantissa = int(exponent), int(mantissa)
	sign := int(bits >> 8 & 255)
	plain := bits&0x40 == 0 && bits>>4&3 == 2 && offset == 0 && int(precision) == 8*t.Size &&
		mantissaAt == 0 && exponentAt == mantissa && sign == t.exponent+t.mantissa && sign == 8*t.Size-1 &&
		exponent > 0 && exponent < 16 && bias == 1<<(exponent-1)-1
	if err := c.end("datatype"); err != nil {
		return err
	}
	if !plain {
		return refuse("float datatype of %d bytes with %d bits of exponent and %d of mantissa, which is none of IEEE 754's",
			t.Size, exponent, mantissa)
	}
	return nil
}

// Limits of a dataspace.
const maxRank = 32

// unlimited is the maximum of a dimension without one.
const unlimited = 1<<64 - 1

// space is the shape of what a dataset or an attribute holds.
type space struct {
	shape []int    // empty for a scalar
	most  []uint64 // what each dimension may grow to
}

// parseSpace reads a dataspace message. A null dataspace, which has no
// elements at all, is of shape [0].
func parseSpace(b []byte) (space, error) {
	c := cursor{b: b}
	version, rank, flags := c.u8(), int(c.u8()), c.u8()
	kind := c.u8() // reserved in version 1
	switch {
	case version == 1:
		c.skip(4)
		kind = 1
	case version != 2:
		return space{}, refuse("dataspace of version %d, which this reader does not know", version)
	}
	if rank > maxRank {
		return space{}, refuse("dataspace of %d dimensions, more than %d", rank, maxRank)
	}
	if kind == 2 {
		return space{shape: []int{0}, most: []uint64{0}}, nil
	}
	s := space{shape: make([]int, rank), most: make([]uint64, rank)}
	for i := range s.shape {
		s.most[i] = c.u64()
		if s.most[i] > 1<<62 {
			return space{}, refuse("dataspace with a dimension of %d", s.most[i])
		}
		s.shape[i] = int(s.most[i])
	}
	if _, fits := product(s.most...); !fits {
		return space{}, refuse("dataspace %v has more elements than any file", s.shape)
	}
	for i := range s.most {
		if flags&1 != 0 {
			s.most[i] = c.u64()
		}
		if s.most[i] < uint64(s.shape[i]) {
			return space{}, refuse("dataspace %v may grow to %v", s.shape, s.most)
		}
	}
	return s, c.end("dataspace")
}

// count is the number of elements of a shape whose product fits.
func count(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
