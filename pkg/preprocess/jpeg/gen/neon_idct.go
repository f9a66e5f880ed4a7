package main

import "slices"

// even8 are the elements of V0 in the even part.
var even8 = []int{1 << 13, fix0541 + fix0765, fix0541, fix0541 - fix1847, 0, 0, 0, 0}

// Elements of V0 to V2 for the reduced transforms.
var (
	even4 = []int{1 << 14, fix1847, -fix0765, 0, 0, 0, 0, 0}
	odd4  = []int{-fix0509, fix2562, -fix0601, fix0899, -fix0211, fix1061, fix1451, -fix2172}
	odd2  = []int{-fix0720, fix3624, fix0850, -fix1272, 0, 0, 0, 0}
)

// idct emits the inverse transforms. A block is eight vectors, its rows.
func (s neon) idct() {
	s.transform("idct8", 8, []int{16, 17, 18, 19, 20, 21, 22, 23}, s.idct8, even8,
		slices.Concat(odd8[0][:], odd8[1][:]), slices.Concat(odd8[2][:], odd8[3][:]))
	s.transform("idct4", 4, []int{16, 17, 18, 19, 21, 22, 23}, s.idct4, even4, odd4)
	s.transform("idct2", 2, []int{16, 17, 19, 21, 23}, s.idct2, odd2)
}

// transform emits a loop over blocks: body turns those of the dequantised rows
// V16 to V23 that it needs to side×side samples at R3.
func (s neon) transform(name string, side int, rows []int, body func(), constants ...[]int) {
	s.text(name, "(coefs []int16, quant *[64]int16, dst []byte, stride int)", 64)
	s.f("MOVD coefs_base+0(FP), R0")
	s.f("MOVD coefs_len+8(FP), R1")
	s.f("MOVD quant+24(FP), R2")
	s.f("MOVD dst_base+32(FP), R3")
	s.f("MOVD stride+56(FP), R4")
	for i, c := range constants {
		s.load(words(quad, c...), i)
	}
	s.f("VMOVI $128, V3.B16")
	s.f("VEOR V4.B16, V4.B16, V4.B16")
	s.f("LSR $6, R1")
	s.f("CBZ R1, done")
	s.label("loop")
	s.f("MOVD R0, R5")
	s.f("VLD1.P 64(R5), [V16.H8, V17.H8, V18.H8, V19.H8]")
	s.f("VLD1 (R5), [V20.H8, V21.H8, V22.H8, V23.H8]")
	s.f("VMOV V16.B16, V8.B16")
	s.f("VMOV V4.H[0], V8.H[0]")
	for i := 17; i < 24; i++ {
		s.f("VORR V%d.B16, V8.B16, V8.B16", i)
	}
	s.f("MOVD R0, R5")
	s.f("VST1.P [V4.H8], 16(R5)")
	s.f("VLD1 (R2), [V9.H8]")
	s.three("MUL.8H", 0x4e609c00, 16, 16, 9)
	s.f("VMOV V8.D[0], R7")
	s.f("VMOV V8.D[1], R8")
	s.f("ORR R7, R8")
	s.f("CBZ R8, flat")
	for range 7 {
		s.f("VST1.P [V4.H8], 16(R5)")
	}
	for _, i := range rows[1:] {
		s.f("ADD $%d, R2, R6", 16*(i-16))
		s.f("VLD1 (R6), [V9.H8]")
		s.three("MUL.8H", 0x4e609c00, i, i, 9)
	}
	body()
	s.label("next")
	s.f("ADD $128, R0")
	s.f("ADD $%d, R3", side)
	s.f("SUB $1, R1")
	s.f("CBNZ R1, loop")
	s.label("done")
	s.f("RET")
	s.label("flat")
	s.f("VDUP V16.H[0], V16.H8")
	s.shift(sqrshrn, 16, 0, 16, 16, 3)
	s.f("VEOR V3.B16, V16.B16, V16.B16")
	s.f("MOVD R3, R5")
	for range side {
		s.store(side, 16)
	}
	s.f("JMP next")
}

func (s neon) idct8() {
	s.pass8(sqrshrn, 11)
	s.transpose()
	s.pass8(shrn, 16)
	s.transpose()
	s.f("MOVD R3, R5")
	for i := 16; i < 24; i++ {
		s.shift(sqrshrn, 16, 0, i, i, 2)
		s.f("VEOR V3.B16, V%d.B16, V%d.B16", i, i)
		s.store(8, i)
	}
}

func (s neon) idct4() {
	s.pass4(2, 1<<11, sqshrn, 12)
	s.transpose()
	s.pass4(1, 1<<18+128<<19, shrn, 16)
	s.transpose()
	s.f("MOVD R3, R5")
	for i := 16; i < 20; i++ {
		s.shift(sqshrun, 16, 0, i, i, 3)
		s.store(4, i)
	}
}

// pass4 transforms V16 to V23 along their lanes, of which one or both halves
// count, to V24 to V27. Rounding comes first: sums may wrap, and in every tier
// they must wrap alike.
func (s neon) pass4(halves, round int, x narrow, by int) {
	s.load(doublewords(quad, round), 5)
	for half := range halves {
		s.f("VMOV V5.B16, V8.B16")
		s.multiply(smlal, half, 8, 16, 0, 0)
		s.f("VMOV V8.B16, V9.B16")
		for _, k := range []struct {
			p    product
			d, e int
		}{{smlal, 8, 1}, {smlsl, 9, 1}} {
			s.multiply(k.p, half, k.d, 18, 0, k.e)
			s.multiply(k.p, half, k.d, 22, 0, k.e+1)
		}
		for i, out := range [2][2]int{{24, 27}, {25, 26}} {
			s.multiply(smull, half, 12, 23, 1, 4*i)
			s.multiply(smlal, half, 12, 17, 1, 4*i+1)
			s.multiply(smlal, half, 12, 21, 1, 4*i+2)
			s.multiply(smlal, half, 12, 19, 1, 4*i+3)
			s.f("VADD V12.S4, V%d.S4, V13.S4", 8+i)
			s.f("VSUB V12.S4, V%d.S4, V14.S4", 8+i)
			s.shift(x, 32, half, out[0], 13, by)
			s.shift(x, 32, half, out[1], 14, by)
		}
	}
}

func (s neon) idct2() {
	s.pass2(2, 1<<12, sqshrn, 13)
	s.transpose()
	s.pass2(1, 1<<19+128<<20, shrn, 16)
	s.f("VTRN1 V25.H8, V24.H8, V16.H8")
	s.f("VTRN2 V25.H8, V24.H8, V17.H8")
	s.f("MOVD R3, R5")
	for i := 16; i < 18; i++ {
		s.shift(sqshrun, 16, 0, i, i, 4)
		s.store(2, i)
	}
}

// pass2 is pass4 to V24 and V25.
func (s neon) pass2(halves, round int, x narrow, by int) {
	s.load(doublewords(quad, round), 5)
	for half := range halves {
		s.word(0x0f00a400|uint32(half)<<30|(16+15)<<16|operands(8, 16), "SSHLL V8.4S, V16, #15, half %d", half)
		s.f("VADD V5.S4, V8.S4, V8.S4")
		s.multiply(smull, half, 12, 23, 0, 0)
		s.multiply(smlal, half, 12, 17, 0, 1)
		s.multiply(smlal, half, 12, 21, 0, 2)
		s.multiply(smlal, half, 12, 19, 0, 3)
		s.f("VADD V12.S4, V8.S4, V13.S4")
		s.f("VSUB V12.S4, V8.S4, V14.S4")
		s.shift(x, 32, half, 24, 13, by)
		s.shift(x, 32, half, 25, 14, by)
	}
}

// store writes the first bytes of v as a row and goes on to the next.
func (s neon) store(bytes, v int) {
	switch bytes {
	case 8:
		s.f("FMOVD F%d, (R5)", v)
	case 4:
		s.f("FMOVS F%d, (R5)", v)
	case 2:
		s.f("VMOV V%d.H[0], R7", v)
		s.f("MOVH R7, (R5)")
	}
	s.f("ADD R4, R5")
}

// pass8 transforms V16 to V23 along their lanes to V24 to V31.
func (s neon) pass8(x narrow, by int) {
	for half := range 2 {
		s.even(half)
		for i, r := range [4][3]int{{8, 24, 31}, {10, 25, 30}, {11, 26, 29}, {9, 27, 28}} {
			m, e := 1+i/2, i%2*4
			s.multiply(smull, half, 12, 23, m, e)
			s.multiply(smlal, half, 12, 17, m, e+1)
			s.multiply(smlal, half, 12, 21, m, e+2)
			s.multiply(smlal, half, 12, 19, m, e+3)
			s.f("VADD V12.S4, V%d.S4, V13.S4", r[0])
			s.f("VSUB V12.S4, V%d.S4, V14.S4", r[0])
			s.shift(x, 32, half, r[1], 13, by)
			s.shift(x, 32, half, r[2], 14, by)
		}
	}
}

// even leaves the even part in V8, V10, V11 and V9.
func (s neon) even(half int) {
	s.multiply(smull, half, 12, 16, 0, 0)
	s.f("VMOV V12.B16, V13.B16")
	s.multiply(smlal, half, 12, 20, 0, 0)
	s.multiply(smlsl, half, 13, 20, 0, 0)
	s.multiply(smull, half, 14, 18, 0, 1)
	s.multiply(smlal, half, 14, 22, 0, 2)
	s.multiply(smull, half, 15, 18, 0, 2)
	s.multiply(smlal, half, 15, 22, 0, 3)
	s.f("VADD V14.S4, V12.S4, V8.S4")
	s.f("VSUB V14.S4, V12.S4, V9.S4")
	s.f("VADD V15.S4, V13.S4, V10.S4")
	s.f("VSUB V15.S4, V13.S4, V11.S4")
}

// transpose turns V24 to V31 about, into V16 to V23.
func (s neon) transpose() {
	turn := func(width string, from, to, apart int) {
		for i := range 8 {
			if i&apart == 0 {
				a, b := from+i, from+i+apart
				s.f("VTRN1 V%d.%s, V%d.%s, V%d.%s", b, width, a, width, to+i, width)
				s.f("VTRN2 V%d.%s, V%d.%s, V%d.%s", b, width, a, width, to+i+apart, width)
			}
		}
	}
	turn("H8", 24, 16, 1)
	turn("S4", 16, 24, 2)
	turn("D2", 24, 16, 4)
}
