package safetensors

import (
	"encoding/binary"
	"math"
	"unsafe"
)

var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// Float32s gives the named tensor's elements as float32, see Tensor.Float32s.
func (f *File) Float32s(name string) ([]float32, error) {
	t, ok := f.Lookup(name)
	if !ok {
		return nil, refuse("tensor %s is missing", quote(name))
	}
	return t.Float32s()
}

// Float32s gives the elements of a floating-point tensor: F16 and BF16
// exactly, F64 rounded to nearest even. The result of F32 shares the file's
// bytes where the machine and their alignment allow, so it must not be
// modified.
func (t Tensor) Float32s() ([]float32, error) {
	b := t.Bytes
	switch t.DType {
	case F32:
		if v, ok := cast[float32](b); ok {
			return v, nil
		}
		return convert(b, 4, func(b []byte) float32 {
			return math.Float32frombits(binary.LittleEndian.Uint32(b))
		}), nil
	case F64:
		return convert(b, 8, func(b []byte) float32 {
			return float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}), nil
	case F16:
		return convert(b, 2, func(b []byte) float32 { return half(binary.LittleEndian.Uint16(b)) }), nil
	case BF16:
		return convert(b, 2, func(b []byte) float32 {
			return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16)
		}), nil
	}
	return nil, t.mistyped("F32, F16, BF16 or F64")
}

// Uint8s gives the elements of a U8 tensor, sharing the file's bytes.
func (t Tensor) Uint8s() ([]byte, error) {
	if t.DType != U8 {
		return nil, t.mistyped("U8")
	}
	return t.Bytes, nil
}

// Int32s gives a copy of the elements of an I32 tensor.
func (t Tensor) Int32s() ([]int32, error) {
	if t.DType != I32 {
		return nil, t.mistyped("I32")
	}
	return convert(t.Bytes, 4, func(b []byte) int32 { return int32(binary.LittleEndian.Uint32(b)) }), nil
}

// Int64s gives a copy of the elements of an I64 or I32 tensor.
func (t Tensor) Int64s() ([]int64, error) {
	switch t.DType {
	case I64:
		return convert(t.Bytes, 8, func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) }), nil
	case I32:
		return convert(t.Bytes, 4, func(b []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(b))) }), nil
	}
	return nil, t.mistyped("I64 or I32")
}

func (t Tensor) mistyped(want string) error {
	return refuse("tensor %s: dtype %s, expected %s", quote(t.Name), t.DType, want)
}

func convert[T any](b []byte, size int, element func([]byte) T) []T {
	out := make([]T, len(b)/size)
	for i := range out {
		out[i] = element(b[i*size : (i+1)*size])
	}
	return out
}

// cast views little-endian bytes as elements; false where the machine's byte
// order or the bytes' alignment forbids it.
func cast[T any](b []byte) ([]T, bool) {
	var zero T
	n := len(b) / int(unsafe.Sizeof(zero))
	if n == 0 {
		return []T{}, true
	}
	at := unsafe.Pointer(unsafe.SliceData(b))
	if !littleEndian || uintptr(at)%unsafe.Alignof(zero) != 0 {
		return nil, false
	}
	return unsafe.Slice((*T)(at), n), true
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
