package kernels

import "unsafe"

// Alloc returns n zeroed values at a 64-byte boundary, so that a channel block
// of a pixel is one cache line.
func Alloc(n int) []float32 {
	const align = 64
	s := make([]float32, n+align/4)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(s)))%align) / 4
	return s[skip : skip+n : skip+n]
}
