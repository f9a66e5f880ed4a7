package hdf5

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// values are elements as they lie in the file.
type values struct {
	f     *File
	what  string // for errors
	kind  Type
	shape []int
	raw   []byte // len = count(shape)·kind.Size
}

func (v values) order() binary.ByteOrder {
	if v.kind.BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// float32s converts; float32 in the machine's own byte order is not copied.
func (v values) float32s() ([]float32, error) {
	t, order := v.kind, v.order()
	switch {
	case t.Class == Float && t.Size == 4 && t.exponent == 8:
		at := unsafe.Pointer(unsafe.SliceData(v.raw))
		if len(v.raw) > 0 && littleEndian != t.BigEndian && uintptr(at)%unsafe.Alignof(float32(0)) == 0 {
			return unsafe.Slice((*float32)(at), len(v.raw)/4), nil
		}
		return convert(v.raw, 4, func(b []byte) float32 { return math.Float32frombits(order.Uint32(b)) }), nil
	case t.Class == Float && t.Size == 8 && t.exponent == 11:
		return convert(v.raw, 8, func(b []byte) float32 { return float32(math.Float64frombits(order.Uint64(b))) }), nil
	case t.Class == Float && t.Size == 2 && t.exponent == 5:
		return convert(v.raw, 2, func(b []byte) float32 { return half(order.Uint16(b)) }), nil
	case t.Class == Float && t.Size == 2 && t.exponent == 8:
		return convert(v.raw, 2, func(b []byte) float32 { return bfloat(order.Uint16(b)) }), nil
	case t.Class == Integer:
		ints, err := v.ints()
		if err != nil {
			return nil, err
		}
		out := make([]float32, len(ints))
		for i, x := range ints {
			out[i] = float32(x)
		}
		return out, nil
	}
	return nil, v.mistyped("numbers")
}

// bfloats reads two bytes an element as bfloat16, whatever their type says.
func (v values) bfloats() ([]float32, error) {
	if v.kind.Size != 2 {
		return nil, v.mistyped("bfloat16")
	}
	order := v.order()
	return convert(v.raw, 2, func(b []byte) float32 { return bfloat(order.Uint16(b)) }), nil
}

func (v values) mistyped(want string) error {
	return refuse("%s holds elements of type %v, expected %s", v.what, v.kind, want)
}

func convert[T any](b []byte, size int, element func([]byte) T) []T {
	out := make([]T, len(b)/size)
	for i := range out {
		out[i] = element(b[i*size : (i+1)*size])
	}
	return out
}

// ints reads integers of 1, 2, 4 or 8 bytes; unsigned ones must fit.
func (v values) ints() ([]int64, error) {
	t, order := v.kind, v.order()
	if t.Class != Integer {
		return nil, v.mistyped("integers")
	}
	switch t.Size {
	case 1:
		return convert(v.raw, 1, func(b []byte) int64 { return extend(uint64(b[0]), t) }), nil
	case 2:
		return convert(v.raw, 2, func(b []byte) int64 { return extend(uint64(order.Uint16(b)), t) }), nil
	case 4:
		return convert(v.raw, 4, func(b []byte) int64 { return extend(uint64(order.Uint32(b)), t) }), nil
	case 8:
		ints := convert(v.raw, 8, func(b []byte) int64 { return int64(order.Uint64(b)) })
		for _, x := range ints {
			if x < 0 && !t.Signed {
				return nil, refuse("%s holds %d, which is too large", v.what, uint64(x))
			}
		}
		return ints, nil
	}
	return nil, v.mistyped("integers")
}

func extend(x uint64, t Type) int64 {
	shift := 64 - 8*t.Size
	if t.Signed {
		return int64(x<<shift) >> shift
	}
	return int64(x)
}

// strings reads strings of fixed or variable length. They must be UTF-8.
func (v values) strings() ([]string, error) {
	if !v.kind.IsText() {
		return nil, v.mistyped("strings")
	}
	n := count(v.shape)
	out := make([]string, 0, min(n, len(v.raw)))
	for i := range n {
		b := v.raw[i*v.kind.Size : (i+1)*v.kind.Size]
		var text string
		if v.kind.Class == String {
			text = v.padded(b)
		} else {
			b, err := v.f.varLen(v.what, b)
			if err != nil {
				return nil, err
			}
			text = cstring(b)
		}
		if !utf8.ValidString(text) {
			return nil, refuse("%s holds text that is not UTF-8", v.what)
		}
		out = append(out, text)
	}
	return out, nil
}

func (v values) padded(b []byte) string {
	switch v.kind.pad {
	case 1:
		return strings.TrimRight(string(b), "\x00")
	case 2:
		return strings.TrimRight(string(b), " ")
	}
	return cstring(b)
}

// half widens an IEEE 754 binary16.
func half(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exponent {
	case 0: // zero and subnormals: fraction·2^-24, exact in float32
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	case 0x1f: // infinity and NaN
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

// bfloat widens the upper half of a float32.
func bfloat(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }
