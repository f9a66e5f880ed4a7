package preprocess

import "encoding/binary"

// unfilter turns a filtered row into samples, given those of the row above. A
// row begins with the byte that tells the filter (PNG specification, 9.2), here
// followed by pixels of size bytes, the first three of which count. It is false
// for an unknown filter.
//
// The channels are independent, and computed side by side: each waits for the
// pixel to the left.
func unfilter(row, up []byte, size int) bool {
	filter, cur, up := row[0], row[1:], up[1:len(row)]
	switch filter {
	case 0:
	case 1:
		unfilterSub(cur, size)
	case 2:
		unfilterUp(cur, up)
	case 3:
		unfilterAverage(cur, up, size)
	case 4:
		unfilterPaeth(cur, up, size)
	default:
		return false
	}
	return true
}

// unfilterSub adds the sample to the left.
func unfilterSub(cur []byte, size int) {
	var a0, a1, a2 byte
	for i := 0; i+3 <= len(cur); i += size {
		p := cur[i : i+3 : i+3]
		a0, a1, a2 = a0+p[0], a1+p[1], a2+p[2]
		p[0], p[1], p[2] = a0, a1, a2
	}
}

// unfilterUp adds the sample above, eight at a time, each modulo 256.
func unfilterUp(cur, up []byte) {
	const low = 0x7f7f7f7f7f7f7f7f
	for len(cur) >= 8 && len(up) >= 8 {
		a, b := binary.LittleEndian.Uint64(cur), binary.LittleEndian.Uint64(up)
		binary.LittleEndian.PutUint64(cur, (a&low+b&low)^(a^b)&^low)
		cur, up = cur[8:], up[8:]
	}
	for i := range cur {
		cur[i] += up[i]
	}
}

// unfilterAverage adds half the sum of the samples to the left and above,
// rounded down.
func unfilterAverage(cur, up []byte, size int) {
	var a0, a1, a2 uint
	up = up[:len(cur)]
	for i := 0; i+3 <= len(cur); i += size {
		p, b := cur[i:i+3:i+3], up[i:i+3:i+3]
		a0 = (uint(p[0]) + (a0+uint(b[0]))>>1) & 255
		a1 = (uint(p[1]) + (a1+uint(b[1]))>>1) & 255
		a2 = (uint(p[2]) + (a2+uint(b[2]))>>1) & 255
		p[0], p[1], p[2] = byte(a0), byte(a1), byte(a2)
	}
}

// unfilterPaeth adds of the samples to the left, above and above to the left
// the one that is nearest to the first two's sum less the third.
func unfilterPaeth(cur, up []byte, size int) {
	var a0, a1, a2, c0, c1, c2 int
	up = up[:len(cur)]
	for i := 0; i+3 <= len(cur); i += size {
		p, b := cur[i:i+3:i+3], up[i:i+3:i+3]
		b0, b1, b2 := int(b[0]), int(b[1]), int(b[2])
		a0 = (int(p[0]) + paeth(a0, b0, c0)) & 255
		a1 = (int(p[1]) + paeth(a1, b1, c1)) & 255
		a2 = (int(p[2]) + paeth(a2, b2, c2)) & 255
		p[0], p[1], p[2] = byte(a0), byte(a1), byte(a2)
		c0, c1, c2 = b0, b1, b2
	}
}

// paeth is the predictor: c near the middle of a and b, else the one of them on
// the other side. It compiles to moves, since photos make each branch a guess.
func paeth(a, b, c int) int {
	middle := 3*c - a - b
	low, high := min(a, b), max(a, b)
	if high <= middle {
		c = low
	}
	if middle <= low {
		c = high
	}
	return c
}
