package jpeg

import "encoding/binary"

// zigzag is the natural index (row·8 + column) of each zigzag index.
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// Fixed-point constants of the accurate integer IDCT of libjpeg (jidctint),
// after Loeffler, Ligtenberg and Moschytz, "Practical fast 1-D DCT algorithms
// with 11 multiplications", 1989: 13 fractional bits.
const (
	fix0298 = 2446
	fix0390 = 3196
	fix0541 = 4433
	fix0765 = 6270
	fix0899 = 7373
	fix1175 = 9633
	fix1501 = 12299
	fix1847 = 15137
	fix1961 = 16069
	fix2053 = 16819
	fix2562 = 20995
	fix3072 = 25172
)

const (
	round1 = 1 << 10 // before the shift by 11 of the column pass, which keeps 2 fractional bits
	round2 = 1<<17 + 128<<18

	ones = 0x0101010101010101 // times a byte: eight of it
)

// inverseDCT transforms blocks that stand side by side, [n, 64] in natural
// order, to 8×8 samples each at dst, whose rows are stride apart, and zeroes
// them. Products with the quantisation steps wrap at 16 bits and what the
// column pass gives is cut to 16 bits, as in libjpeg-turbo's vector code.
func inverseDCT(coefs []int16, quant *[64]int16, dst []byte, stride int) {
	var block [64]int32
	for i := 0; i+64 <= len(coefs); i += 64 {
		in, to := (*[64]int16)(coefs[i:]), dst[i/8:]
		columns := transformColumns(&block, in, quant)
		for y := range 8 {
			row, to := block[8*y:8*y+8:8*y+8], to[y*stride:]
			switch {
			case columns&^1 == 0:
				v := clamp((row[0]+16)>>5 + 128)
				binary.LittleEndian.PutUint64(to, uint64(v)*ones)
			case columns&0xf0 == 0:
				row4((*[4]int32)(row), to)
			default:
				row8((*[8]int32)(row), to)
			}
		}
		*in = [64]int16{}
	}
}

// transformColumns dequantises and transforms the columns of a block and tells
// by bits which of them are not zero.
func transformColumns(b *[64]int32, in, quant *[64]int16) (columns uint) {
	for x := range 8 {
		low, high := in[x+8]|in[x+16]|in[x+24], in[x+32]|in[x+40]|in[x+48]|in[x+56]
		b[x] = int32(in[x] * quant[x])
		if low|high == 0 {
			v := saturate(b[x] << 2)
			b[x], b[x+8], b[x+16], b[x+24] = v, v, v, v
			b[x+32], b[x+40], b[x+48], b[x+56] = v, v, v, v
			if v != 0 {
				columns |= 1 << x
			}
			continue
		}
		columns |= 1 << x
		for k := x + 8; k < x+32; k += 8 {
			b[k] = int32(in[k] * quant[k])
		}
		if high == 0 {
			column4(b, x)
			continue
		}
		for k := x + 32; k < 64; k += 8 {
			b[k] = int32(in[k] * quant[k])
		}
		column8(b, x)
	}
	return columns
}

// saturate returns the nearest 16-bit value.
func saturate(v int32) int32 {
	if int32(int16(v)) != v {
		v = v>>31 ^ 0x7fff
	}
	return v
}

// column8 transforms column x in place.
func column8(b *[64]int32, x int) {
	x &= 7
	z1 := (b[x+16] + b[x+48]) * fix0541
	e2 := z1 - b[x+48]*fix1847
	e3 := z1 + b[x+16]*fix0765
	e0 := (b[x]+b[x+32])<<13 + round1
	e1 := (b[x]-b[x+32])<<13 + round1
	o0, o1, o2, o3 := odd8(b[x+56], b[x+40], b[x+24], b[x+8])
	a0, a3, a1, a2 := e0+e3, e0-e3, e1+e2, e1-e2
	b[x], b[x+56] = saturate((a0+o3)>>11), saturate((a0-o3)>>11)
	b[x+8], b[x+48] = saturate((a1+o2)>>11), saturate((a1-o2)>>11)
	b[x+16], b[x+40] = saturate((a2+o1)>>11), saturate((a2-o1)>>11)
	b[x+24], b[x+32] = saturate((a3+o0)>>11), saturate((a3-o0)>>11)
}

// column4 is column8 where rows 4 to 7 are zero.
func column4(b *[64]int32, x int) {
	x &= 7
	e2 := b[x+16] * fix0541
	e3 := b[x+16] * (fix0541 + fix0765)
	e := b[x]<<13 + round1
	o0, o1, o2, o3 := odd4(b[x+24], b[x+8])
	a0, a3, a1, a2 := e+e3, e-e3, e+e2, e-e2
	b[x], b[x+56] = saturate((a0+o3)>>11), saturate((a0-o3)>>11)
	b[x+8], b[x+48] = saturate((a1+o2)>>11), saturate((a1-o2)>>11)
	b[x+16], b[x+40] = saturate((a2+o1)>>11), saturate((a2-o1)>>11)
	b[x+24], b[x+32] = saturate((a3+o0)>>11), saturate((a3-o0)>>11)
}

// row8 transforms a row to eight samples.
func row8(b *[8]int32, dst []byte) {
	z1 := (b[2] + b[6]) * fix0541
	e2 := z1 - b[6]*fix1847
	e3 := z1 + b[2]*fix0765
	e0 := (b[0]+b[4])<<13 + round2
	e1 := (b[0]-b[4])<<13 + round2
	o0, o1, o2, o3 := odd8(b[7], b[5], b[3], b[1])
	storeRow(dst, e0+e3, e1+e2, e1-e2, e0-e3, o0, o1, o2, o3)
}

// row4 is row8 where columns 4 to 7 are zero.
func row4(b *[4]int32, dst []byte) {
	e2 := b[2] * fix0541
	e3 := b[2] * (fix0541 + fix0765)
	e := b[0]<<13 + round2
	o0, o1, o2, o3 := odd4(b[3], b[1])
	storeRow(dst, e+e3, e+e2, e-e2, e-e3, o0, o1, o2, o3)
}

// odd8 is the odd part, of coefficients 7, 5, 3 and 1.
func odd8(c7, c5, c3, c1 int32) (o0, o1, o2, o3 int32) {
	s, t := c7+c3, c5+c1
	z3, z4 := s*(fix1175-fix1961)+t*fix1175, s*fix1175+t*(fix1175-fix0390)
	z1, z2 := (c7+c1)*fix0899, (c5+c3)*fix2562
	return c7*fix0298 - z1 + z3, c5*fix2053 - z2 + z4, c3*fix3072 - z2 + z3, c1*fix1501 - z1 + z4
}

// odd4 is odd8 where coefficients 7 and 5 are zero.
func odd4(c3, c1 int32) (o0, o1, o2, o3 int32) {
	z5 := (c3 + c1) * fix1175
	z3, z4 := z5-c3*fix1961, z5-c1*fix0390
	z1, z2 := c1*fix0899, c3*fix2562
	return z3 - z1, z4 - z2, c3*fix3072 - z2 + z3, c1*fix1501 - z1 + z4
}

// storeRow joins even and odd part.
func storeRow(dst []byte, a0, a1, a2, a3, o0, o1, o2, o3 int32) {
	s0, s7 := (a0+o3)>>18, (a0-o3)>>18
	s1, s6 := (a1+o2)>>18, (a1-o2)>>18
	s2, s5 := (a2+o1)>>18, (a2-o1)>>18
	s3, s4 := (a3+o0)>>18, (a3-o0)>>18
	if uint32(s0|s1|s2|s3|s4|s5|s6|s7) > 255 {
		s0, s1, s2, s3 = clamp(s0), clamp(s1), clamp(s2), clamp(s3)
		s4, s5, s6, s7 = clamp(s4), clamp(s5), clamp(s6), clamp(s7)
	}
	dst = dst[:8:8]
	dst[0], dst[1], dst[2], dst[3] = byte(s0), byte(s1), byte(s2), byte(s3)
	dst[4], dst[5], dst[6], dst[7] = byte(s4), byte(s5), byte(s6), byte(s7)
}

// clamp returns the nearest value of 0 to 255.
func clamp(v int32) int32 {
	if uint32(v) > 255 {
		v = ^v >> 31 & 255
	}
	return v
}
