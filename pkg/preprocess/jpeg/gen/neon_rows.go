package main

// upsample emits the triangle filters, eight samples a step. The last step of
// a row overlaps the one before it.
func (s neon) upsample() {
	s.h2v1()
	s.h2v2()
}

// spread interleaves (3·V0 + V1 + V13) and (3·V0 + V2 + V14), shifted right, in
// V4.
func (s neon) spread(shift int) {
	s.f("VADD V0.H8, V0.H8, V3.H8")
	s.f("VADD V0.H8, V3.H8, V3.H8")
	s.f("VADD V13.H8, V3.H8, V4.H8")
	s.f("VADD V14.H8, V3.H8, V5.H8")
	s.f("VADD V1.H8, V4.H8, V4.H8")
	s.f("VADD V2.H8, V5.H8, V5.H8")
	s.f("VUSHR $%d, V4.H8, V4.H8", shift)
	s.f("VUSHR $%d, V5.H8, V5.H8", shift)
	s.f("VSLI $8, V5.H8, V4.H8")
}

func (s neon) h2v1() {
	s.text("h2v1", "(dst, src []byte)", 48)
	s.f("MOVD dst_base+0(FP), R0")
	s.f("MOVD src_base+24(FP), R1")
	s.f("MOVD src_len+32(FP), R4")
	s.load(words(quad, 1), 13)
	s.load(words(quad, 2), 14)
	s.f("ADD R4, R1, R6")
	s.f("ADD R4<<1, R0, R7")
	edge := func(at, neighbour string, round int, to string) {
		s.f("MOVBU %s, R8", at)
		s.f("MOVBU %s, R9", neighbour)
		s.f("ADD R8<<1, R8, R8")
		s.f("ADD R9, R8, R8")
		s.f("ADD $%d, R8", round)
		s.f("LSR $2, R8")
		s.f("MOVB R8, %s", to)
	}
	edge("(R1)", "(R1)", 1, "(R0)")
	edge("(R1)", "1(R1)", 2, "1(R0)")
	edge("-1(R6)", "-2(R6)", 1, "-2(R7)")
	edge("-1(R6)", "-1(R6)", 2, "-1(R7)")
	s.f("SUB $2, R4")
	s.steps("loop", 8, func() {
		s.f("ADD R5, R1, R6")
		for i, v := range []int{1, 0, 2} {
			s.f("FMOVD %d(R6), F%d", i, v)
			s.f("VUXTL V%d.B8, V%d.H8", v, v)
		}
		s.spread(2)
		s.f("ADD R5<<1, R0, R7")
		s.f("ADD $2, R7")
		s.f("VST1 [V4.B16], (R7)")
	})
	s.f("RET")
}

func (s neon) h2v2() {
	s.text("h2v2", "(dst, near, far []byte, scratch []int16)", 96)
	s.f("MOVD dst_base+0(FP), R0")
	s.f("MOVD near_base+24(FP), R1")
	s.f("MOVD near_len+32(FP), R4")
	s.f("MOVD far_base+48(FP), R2")
	s.f("MOVD scratch_base+72(FP), R3")
	s.load(words(quad, 8), 13)
	s.load(words(quad, 7), 14)
	s.steps("blend", 8, func() {
		s.f("ADD R5, R1, R6")
		s.f("ADD R5, R2, R7")
		s.f("FMOVD (R6), F0")
		s.f("FMOVD (R7), F1")
		s.f("VUXTL V0.B8, V0.H8")
		s.f("VUXTL V1.B8, V1.H8")
		s.f("VADD V0.H8, V1.H8, V1.H8")
		s.f("VADD V0.H8, V0.H8, V0.H8")
		s.f("VADD V0.H8, V1.H8, V1.H8")
		s.f("ADD R5<<1, R3, R8")
		s.f("ADD $2, R8")
		s.f("VST1 [V1.H8], (R8)")
	})
	s.f("MOVD near_len+32(FP), R4")
	s.f("MOVH 2(R3), R6")
	s.f("MOVH R6, (R3)")
	s.f("ADD R4<<1, R3, R7")
	s.f("MOVH (R7), R6")
	s.f("MOVH R6, 2(R7)")
	s.steps("spread", 8, func() {
		s.f("ADD R5<<1, R3, R6")
		s.f("VLD1 (R6), [V1.H8]")
		s.f("ADD $2, R6")
		s.f("VLD1 (R6), [V0.H8]")
		s.f("ADD $2, R6")
		s.f("VLD1 (R6), [V2.H8]")
		s.spread(4)
		s.f("ADD R5<<1, R0, R7")
		s.f("VST1 [V4.B16], (R7)")
	})
	s.f("RET")
}

// colour emits the conversion of YCbCr rows to packed RGB, sixteen pixels a
// step.
func (s neon) colour() {
	s.text("rgb", "(dst, y, cb, cr []byte)", 96)
	s.f("MOVD dst_base+0(FP), R0")
	s.f("MOVD y_base+24(FP), R1")
	s.f("MOVD y_len+32(FP), R4")
	s.f("MOVD cb_base+48(FP), R2")
	s.f("MOVD cr_base+72(FP), R3")
	s.load(words(quad, -22554, 1<<16-46802, 116130-1<<17, 91881-1<<16, 0, 0, 0, 0), 15)
	s.load(words(quad, 128), 14)
	s.steps("loop", 16, func() {
		for i := range 3 {
			s.f("ADD R5, R%d, R6", 1+i)
			s.f("VLD1 (R6), [V%d.B16]", i)
		}
		s.half(0)
		s.half(1)
		s.f("ADD R5<<1, R5, R6")
		s.f("ADD R6, R0, R6")
		s.f("VST3 [V20.B16, V21.B16, V22.B16], (R6)")
	})
	s.f("RET")
}

// half converts the low or high eight pixels of V0 to V2 to bytes in V20 to
// V22. A factor of more than 16 bits is split into whole ones and a rest.
func (s neon) half(half int) {
	widen, from := "VUXTL", "B8"
	if half == 1 {
		widen, from = "VUXTL2", "B16"
	}
	for i := range 3 {
		s.f("%s V%d.%s, V%d.H8", widen, i, from, 3+i)
	}
	s.f("VSUB V14.H8, V4.H8, V4.H8")
	s.f("VSUB V14.H8, V5.H8, V5.H8")
	for h := range 2 {
		s.multiply(smull, h, 6, 4, 15, 0)
		s.multiply(smlal, h, 6, 5, 15, 1)
		s.shift(rshrn, 32, h, 7, 6, 16)
	}
	s.f("VSUB V5.H8, V7.H8, V7.H8")
	s.part(6, 5, 3)
	s.part(8, 4, 2)
	s.f("VADD V5.H8, V6.H8, V6.H8")
	s.f("VADD V4.H8, V8.H8, V8.H8")
	s.f("VADD V4.H8, V8.H8, V8.H8")
	for i := range 3 {
		s.f("VADD V3.H8, V%d.H8, V%d.H8", 6+i, 6+i)
		s.word(0x2e212800|uint32(half)<<30|operands(20+i, 6+i), "SQXTUN V%d, V%d.8H", 20+i, 6+i)
	}
}

// part emits d = n·V15.H[i], of which 16 bits are a fraction, rounded.
func (s neon) part(d, n, i int) {
	s.word(0x4f00c000|lane(15, i)|operands(d, n), "SQDMULH V%d.8H, V%d.8H, V15.H[%d]", d, n, i)
	s.word(0x4f002400|31<<16|operands(d, d), "SRSHR V%d.8H, V%d.8H, #1", d, d)
}
