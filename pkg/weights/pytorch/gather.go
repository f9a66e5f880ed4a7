package pytorch

import (
	"encoding/binary"
	"runtime"
	"slices"
	"unsafe"
)

var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// misaligned tells whether the processor loads numbers from any address. The
// old format aligns nothing.
const misaligned = runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64"

// words views bytes as numbers of the machine's byte order; a copy where it
// cannot load them in place.
func words[T uint8 | uint16 | uint32 | uint64 | float32](b []byte) []T {
	var zero T
	size := int(unsafe.Sizeof(zero))
	n := len(b) / size
	at := unsafe.Pointer(unsafe.SliceData(b))
	if misaligned || uintptr(at)%unsafe.Alignof(zero) == 0 {
		return unsafe.Slice((*T)(at), n)
	}
	out := make([]T, n)
	copy(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(out))), n*size), b)
	return out
}

// gathered copies the elements of a strided view in row-major order.
func (t *tensor) gathered(data []byte) []byte {
	size, stride := t.merged()
	switch t.storage.elem.size {
	case 1:
		return gather[uint8](data, t.offset, size, stride)
	case 2:
		return gather[uint16](data, t.offset, size, stride)
	case 4:
		return gather[uint32](data, t.offset, size, stride)
	}
	return gather[uint64](data, t.offset, size, stride)
}

// merged drops dimensions of one element and joins those that lie as one, and
// has at least two.
func (t *tensor) merged() (size, stride []int) {
	size, stride = []int{1}, []int{0}
	for i, d := range t.size {
		last := len(size) - 1
		switch {
		case d == 1:
		case last > 0 && stride[last] == d*t.stride[i]:
			size[last], stride[last] = size[last]*d, t.stride[i]
		default:
			size, stride = append(size, d), append(stride, t.stride[i])
		}
	}
	if len(size) == 1 {
		return []int{1, 1}, []int{0, 0}
	}
	return size, stride
}

func gather[T uint8 | uint16 | uint32 | uint64](data []byte, offset int, size, stride []int) []byte {
	from := words[T](data)
	n := 1
	for _, d := range size {
		n *= d
	}
	out := make([]T, n)
	outer := len(size) - 2
	index := make([]int, outer)
	for to := out; len(to) > 0; to = to[size[outer]*size[outer+1]:] {
		matrix(to, from[offset:], size[outer], size[outer+1], stride[outer], stride[outer+1])
		for i := outer - 1; i >= 0; i-- {
			offset += stride[i]
			if index[i]++; index[i] < size[i] {
				break
			}
			offset -= size[i] * stride[i]
			index[i] = 0
		}
	}
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(out))), n*int(unsafe.Sizeof(zero)))
}

// matrix copies [rows, cols] elements. TensorFlow's weights come transposed: a
// tile of columns passes along as many cache lines of from.
func matrix[T any](to, from []T, rows, cols, rowStride, colStride int) {
	const tile = 16
	for first := 0; first < cols; first += tile {
		end := min(first+tile, cols)
		for r := range rows {
			at := r*rowStride + first*colStride
			row := to[r*cols+first : r*cols+end]
			for c := range row {
				row[c] = from[at]
				at += colStride
			}
		}
	}
}

// swapped is a copy of big-endian elements in little-endian order.
func swapped(data []byte, size int) []byte {
	out := slices.Clone(data)
	for i := 0; i+size <= len(out); i += size {
		slices.Reverse(out[i : i+size])
	}
	return out
}
