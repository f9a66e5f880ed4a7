package main

// upsample emits the triangle filters. The last vector of a row overlaps the
// one before it, so that nothing beyond the row is touched.
func (s avx) upsample() {
	s.h2v1()
	s.h2v2()
}

// steps emits body for BX = 0, 16, … while 16 values fit into the DX values of
// a row, and once more for the last 16.
func (s avx) steps(name string, body func()) {
	s.f("XORQ BX, BX")
	s.f("SUBQ $16, DX")
	s.label(name)
	body()
	s.f("CMPQ BX, DX")
	s.f("JEQ %sDone", name)
	s.f("ADDQ $16, BX")
	s.f("CMPQ BX, DX")
	s.f("CMOVQGT DX, BX")
	s.f("JMP %s", name)
	s.label(name + "Done")
}

// spread interleaves (3·this + last + low) and (3·this + next + high), shifted
// right: Y0 this, Y1 last, Y2 next, and Y13, Y14 what is added.
func (s avx) spread(shift int) {
	s.f("VPADDW Y0, Y0, Y3")
	s.f("VPADDW Y0, Y3, Y3")
	s.f("VPADDW Y13, Y3, Y4")
	s.f("VPADDW Y14, Y3, Y5")
	s.f("VPADDW Y1, Y4, Y4")
	s.f("VPADDW Y2, Y5, Y5")
	s.f("VPSRLW $%d, Y4, Y4", shift)
	s.f("VPSRLW $%d, Y5, Y5", shift)
	s.f("VPSLLW $8, Y5, Y5")
	s.f("VPOR Y4, Y5, Y4")
}

func (s avx) h2v1() {
	s.text("h2v1", "(dst, src []byte)", 48)
	s.f("MOVQ dst_base+0(FP), DI")
	s.f("MOVQ src_base+24(FP), SI")
	s.f("MOVQ src_len+32(FP), DX")
	s.f("VMOVDQU %s, Y13", s.keep(words(vector, 1)))
	s.f("VMOVDQU %s, Y14", s.keep(words(vector, 2)))
	edge := func(at, neighbour string, round int, to string) {
		s.f("MOVBLZX %s, AX", at)
		s.f("MOVBLZX %s, R8", neighbour)
		s.f("LEAL (AX)(AX*2), AX")
		s.f("LEAL %d(AX)(R8*1), AX", round)
		s.f("SHRL $2, AX")
		s.f("MOVB AX, %s", to)
	}
	edge("(SI)", "(SI)", 1, "(DI)")
	edge("(SI)", "1(SI)", 2, "1(DI)")
	edge("-1(SI)(DX*1)", "-2(SI)(DX*1)", 1, "-2(DI)(DX*2)")
	edge("-1(SI)(DX*1)", "-1(SI)(DX*1)", 2, "-1(DI)(DX*2)")
	s.f("SUBQ $2, DX")
	s.steps("loop", func() {
		s.f("VPMOVZXBW 1(SI)(BX*1), Y0")
		s.f("VPMOVZXBW (SI)(BX*1), Y1")
		s.f("VPMOVZXBW 2(SI)(BX*1), Y2")
		s.spread(2)
		s.f("VMOVDQU Y4, 2(DI)(BX*2)")
	})
	s.ret()
}

func (s avx) h2v2() {
	s.text("h2v2", "(dst, near, far []byte, scratch []int16)", 96)
	s.f("MOVQ dst_base+0(FP), DI")
	s.f("MOVQ near_base+24(FP), SI")
	s.f("MOVQ near_len+32(FP), DX")
	s.f("MOVQ far_base+48(FP), R9")
	s.f("MOVQ scratch_base+72(FP), R10")
	s.steps("blend", func() {
		s.f("VPMOVZXBW (SI)(BX*1), Y0")
		s.f("VPMOVZXBW (R9)(BX*1), Y1")
		s.f("VPADDW Y0, Y1, Y1")
		s.f("VPADDW Y0, Y0, Y0")
		s.f("VPADDW Y0, Y1, Y1")
		s.f("VMOVDQU Y1, 2(R10)(BX*2)")
	})
	s.f("MOVQ near_len+32(FP), DX")
	s.f("MOVW 2(R10), AX")
	s.f("MOVW AX, (R10)")
	s.f("MOVW (R10)(DX*2), AX")
	s.f("MOVW AX, 2(R10)(DX*2)")
	s.f("VMOVDQU %s, Y13", s.keep(words(vector, 8)))
	s.f("VMOVDQU %s, Y14", s.keep(words(vector, 7)))
	s.steps("spread", func() {
		s.f("VMOVDQU 2(R10)(BX*2), Y0")
		s.f("VMOVDQU (R10)(BX*2), Y1")
		s.f("VMOVDQU 4(R10)(BX*2), Y2")
		s.spread(4)
		s.f("VMOVDQU Y4, (DI)(BX*2)")
	})
	s.ret()
}

// colour emits the conversion of YCbCr rows to packed RGB, 32 pixels a step.
func (s avx) colour() {
	s.text("rgb", "(dst, y, cb, cr []byte)", 96)
	s.f("MOVQ dst_base+0(FP), DI")
	s.f("MOVQ y_base+24(FP), SI")
	s.f("MOVQ y_len+32(FP), DX")
	s.f("MOVQ cb_base+48(FP), R8")
	s.f("MOVQ cr_base+72(FP), R9")
	s.f("SUBQ $32, DX")
	s.f("XORQ BX, BX")
	s.f("VPXOR Y15, Y15, Y15")
	s.f("VMOVDQU %s, Y14", s.keep(words(vector, 128)))
	s.f("VMOVDQU %s, Y13", s.keep(words(vector, 1)))
	s.label("loop")
	s.f("VMOVDQU (SI)(BX*1), Y0")
	s.f("VMOVDQU (R8)(BX*1), Y1")
	s.f("VMOVDQU (R9)(BX*1), Y2")
	s.half("L", 3)
	s.half("H", 6)
	for i := range 3 {
		s.f("VPACKUSWB Y%d, Y%d, Y%d", 6+i, 3+i, i)
	}
	s.interleave()
	s.f("LEAQ (BX)(BX*2), AX")
	s.f("VMOVDQU Y6, (DI)(AX*1)")
	s.f("VMOVDQU Y7, 32(DI)(AX*1)")
	s.f("VMOVDQU Y8, 64(DI)(AX*1)")
	s.f("CMPQ BX, DX")
	s.f("JEQ done")
	s.f("ADDQ $32, BX")
	s.f("CMPQ BX, DX")
	s.f("CMOVQGT DX, BX")
	s.f("JMP loop")
	s.label("done")
	s.ret()
}

// half converts the low or high eight pixels of each half of Y0 to Y2 to 16-bit
// red, green and blue in three registers from to on. A factor of more than 16
// bits is split into whole ones and a rest.
func (s avx) half(which string, to int) {
	red, green, blue := to, to+1, to+2
	s.f("VPUNPCK%sBW Y15, Y0, Y9", which)
	s.f("VPUNPCK%sBW Y15, Y1, Y10", which)
	s.f("VPUNPCK%sBW Y15, Y2, Y11", which)
	s.f("VPSUBW Y14, Y10, Y10")
	s.f("VPSUBW Y14, Y11, Y11")
	s.f("VPUNPCKLWD Y11, Y10, Y%d", red)
	s.f("VPUNPCKHWD Y11, Y10, Y%d", green)
	factors := s.pair(-22554, 1<<16-46802)
	for _, r := range []int{red, green} {
		s.f("VPMADDWD %s, Y%d, Y%d", factors, r, r)
		s.f("VPADDD %s, Y%d, Y%d", s.lanes(1<<15), r, r)
		s.f("VPSRAD $16, Y%d, Y%d", r, r)
	}
	s.f("VPACKSSDW Y%d, Y%d, Y%d", green, red, green)
	s.f("VPSUBW Y11, Y%d, Y%d", green, green)
	s.f("VPADDW Y9, Y%d, Y%d", green, green)
	s.f("VPADDW Y10, Y10, Y10")
	s.f("VPADDW Y11, Y11, Y12")
	s.f("VPMULHW %s, Y10, Y%d", s.keep(words(vector, 116130-1<<17)), blue)
	s.f("VPMULHW %s, Y12, Y%d", s.keep(words(vector, 91881-1<<16)), red)
	for _, r := range []int{red, blue} {
		s.f("VPADDW Y13, Y%d, Y%d", r, r)
		s.f("VPSRAW $1, Y%d, Y%d", r, r)
		s.f("VPADDW Y9, Y%d, Y%d", r, r)
	}
	s.f("VPADDW Y11, Y%d, Y%d", red, red)
	s.f("VPADDW Y10, Y%d, Y%d", blue, blue)
}

// interleave packs the bytes of Y0, Y1 and Y2 to Y6, Y7 and Y8.
func (s avx) interleave() {
	for part := range 3 {
		for c := range 3 {
			s.f("VPSHUFB %s, Y%d, Y%d", s.keep(every(part, c)), c, 9+c)
		}
		s.f("VPOR Y9, Y10, Y9")
		s.f("VPOR Y9, Y11, Y%d", 3+part)
	}
	s.f("VPERM2I128 $0x20, Y4, Y3, Y6")
	s.f("VPERM2I128 $0x30, Y3, Y5, Y7")
	s.f("VPERM2I128 $0x31, Y5, Y4, Y8")
}

// every is the shuffle that puts colour c of each pixel where it lies in the
// given sixteen of 48 bytes, in both halves.
func every(part, c int) []byte {
	var m []byte
	for i := range vector {
		at := part*16 + i%16
		if at%3 == c {
			m = append(m, byte(at/3))
		} else {
			m = append(m, 0x80)
		}
	}
	return m
}
