package hdf5

import (
	"encoding/binary"
	"math/bits"
)

// lookup3 is the checksum of HDF5's metadata: Bob Jenkins' hash of that name
// (hashlittle, 2006) with an initial value of 0.
func lookup3(b []byte) uint32 {
	x := uint32(0xdeadbeef) + uint32(len(b))
	y, z := x, x
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }
	for ; len(b) > 12; b = b[12:] {
		x, y, z = x+word(0), y+word(4), z+word(8)
		x, y, z = mix(x, y, z)
	}
	if len(b) == 0 {
		return z
	}
	var last [12]byte
	copy(last[:], b)
	b = last[:]
	return final(x+word(0), y+word(4), z+word(8))
}

func mix(a, b, c uint32) (uint32, uint32, uint32) {
	for _, shifts := range [2][3]int{{4, 6, 8}, {16, 19, 4}} {
		a = (a - c) ^ bits.RotateLeft32(c, shifts[0])
		c += b
		b = (b - a) ^ bits.RotateLeft32(a, shifts[1])
		a += c
		c = (c - b) ^ bits.RotateLeft32(b, shifts[2])
		b += a
	}
	return a, b, c
}

func final(a, b, c uint32) uint32 {
	c = (c ^ b) - bits.RotateLeft32(b, 14)
	a = (a ^ c) - bits.RotateLeft32(c, 11)
	b = (b ^ a) - bits.RotateLeft32(a, 25)
	c = (c ^ b) - bits.RotateLeft32(b, 16)
	a = (a ^ c) - bits.RotateLeft32(c, 4)
	b = (b ^ a) - bits.RotateLeft32(a, 14)
	return (c ^ b) - bits.RotateLeft32(b, 24)
}

// fletcher32 is the checksum of the filter of that name: over big-endian
// 16-bit words, a last odd byte being the high one.
func fletcher32(b []byte) uint32 {
	var low, high uint32
	for len(b) > 0 {
		// 360 words keep both sums below 2^32.
		for range min(360, (len(b)+1)/2) {
			word := uint32(b[0]) << 8
			if len(b) > 1 {
				word |= uint32(b[1])
			}
			b = b[min(2, len(b)):]
			low += word
			high += low
		}
		low, high = low&0xffff+low>>16, high&0xffff+high>>16
	}
	low, high = low&0xffff+low>>16, high&0xffff+high>>16
	return high<<16 | low
}
