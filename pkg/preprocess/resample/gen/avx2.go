package main

import "fmt"

// avx2 writes kernels for amd64. A weight is low + high·2^15; VPMADDWD sums the
// products of two samples with one digit of their weights, exactly, and the
// sums of the two digits meet at the end, modulo 2^32.
type avx2 struct{ *source }

const (
	precision  = 22 // fractional bits of a weight
	digitBits  = 15
	vectorSize = 32
)

func y(i int) string { return fmt.Sprintf("Y%d", i) }

// function begins a function of one pointer, which it loads into DI, and loads
// fields of it into registers.
func (s avx2) function(name, args string, fields ...[2]string) {
	s.text(name, args)
	s.f("MOVQ a+0(FP), DI")
	for _, field := range fields {
		s.f("MOVQ %s_%s(DI), %s", args, field[0], field[1])
	}
}

func (s avx2) ret() {
	s.f("VZEROUPPER")
	s.f("RET")
}

// rounding fills a register with half of the last place.
func (s avx2) rounding(reg int) {
	s.f("VPCMPEQD %s, %s, %s", y(reg), y(reg), y(reg))
	s.f("VPSRLD $31, %s, %s", y(reg), y(reg))
	s.f("VPSLLD $%d, %s, %s", precision-1, y(reg), y(reg))
}

// horizontal takes four taps at a time: sixteen bytes become words, the reds
// and greens of four pixels in the lower half, their blues in the upper.
func (s avx2) horizontal(rows int) {
	const pixels, product, low, high, round, shuffle = 8, 9, 10, 11, 12, 13
	name := fmt.Sprintf("horizontal%dAVX2", rows)
	s.function(name, "HorizontalArgs",
		[2]string{"Src", "SI"}, [2]string{"SrcStride", "R8"}, [2]string{"Dst", "R9"}, [2]string{"DstStride", "R10"},
		[2]string{"Left", "R11"}, [2]string{"Weights", "R12"}, [2]string{"Groups", "R13"}, [2]string{"Size", "BX"},
		[2]string{"Shuffle", "AX"})
	s.f("VMOVDQU (AX), %s", y(shuffle))
	s.rounding(round)
	s.f("MOVQ HorizontalArgs_N(DI), DI")
	s.f("LEAQ (BX*4), DX")
	s.f("LEAQ (R8)(R8*2), R15")
	s.f("PCALIGN $32")
	s.label(name + "_output")
	s.f("MOVLQSX (R11), AX")
	s.f("IMULQ BX, AX")
	s.f("ADDQ SI, AX")
	for i := range rows {
		s.f("VPXOR %s, %s, %s", y(i), y(i), y(i))
		s.f("VPXOR %s, %s, %s", y(4+i), y(4+i), y(4+i))
	}
	s.f("MOVQ R13, CX")
	s.label(name + "_group")
	s.f("VPBROADCASTQ (R12), %s", y(low))
	s.f("VPBROADCASTQ 8(R12), %s", y(high))
	for i, at := range []string{"(AX)", "(AX)(R8*1)", "(AX)(R8*2)", "(AX)(R15*1)"}[:rows] {
		s.f("VBROADCASTI128 %s, %s", at, y(pixels))
		s.f("VPSHUFB %s, %s, %s", y(shuffle), y(pixels), y(pixels))
		s.f("VPMADDWD %s, %s, %s", y(low), y(pixels), y(product))
		s.f("VPADDD %s, %s, %s", y(product), y(i), y(i))
		s.f("VPMADDWD %s, %s, %s", y(high), y(pixels), y(pixels))
		s.f("VPADDD %s, %s, %s", y(pixels), y(4+i), y(4+i))
	}
	s.f("ADDQ DX, AX")
	s.f("ADDQ $16, R12")
	s.f("DECQ CX")
	s.f("JNZ %s_group", name)
	s.packPixels(rows, round)
	s.f("VMOVD X0, (R9)")
	if rows == 4 {
		s.f("LEAQ (R9)(R10*2), AX")
		s.f("VPEXTRD $1, X0, (R9)(R10*1)")
		s.f("VPEXTRD $2, X0, (AX)")
		s.f("VPEXTRD $3, X0, (AX)(R10*1)")
	}
	s.f("ADDQ $3, R9")
	s.f("ADDQ $4, R11")
	s.f("DECQ DI")
	s.f("JNZ %s_output", name)
	s.ret()
}

// packPixels makes a pixel of four bytes a row in X0.
func (s avx2) packPixels(rows, round int) {
	for i := range rows {
		s.f("VPSLLD $%d, %s, %s", digitBits, y(4+i), y(4+i))
		s.f("VPADDD %s, %s, %s", y(4+i), y(i), y(i))
	}
	second, third, fourth := 0, 0, 0
	if rows == 4 {
		second, third, fourth = 1, 2, 3
		s.f("VPHADDD %s, %s, %s", y(fourth), y(third), y(4))
		s.f("VPADDD %s, %s, %s", y(round), y(4), y(4))
		s.f("VPSRAD $%d, %s, %s", precision, y(4), y(4))
	}
	s.f("VPHADDD %s, %s, %s", y(second), y(0), y(0))
	s.f("VPADDD %s, %s, %s", y(round), y(0), y(0))
	s.f("VPSRAD $%d, %s, %s", precision, y(0), y(0))
	if rows == 4 {
		s.f("VPACKSSDW %s, %s, %s", y(4), y(0), y(0))
	} else {
		s.f("VPACKSSDW %s, %s, %s", y(0), y(0), y(0))
	}
	s.f("VPACKUSWB %s, %s, %s", y(0), y(0), y(0))
	s.f("VEXTRACTI128 $1, %s, X1", y(0))
	s.f("VPUNPCKLWD X1, X0, X0")
}

// vertical takes 32 samples of two rows at a time, interleaved to words.
func (s avx2) vertical() {
	const low, high, zero, round = 8, 9, 10, 11
	name := "verticalAVX2"
	s.function(name, "VerticalArgs",
		[2]string{"Src", "SI"}, [2]string{"Dst", "R9"}, [2]string{"N", "R10"}, [2]string{"Pairs", "R13"})
	s.f("VPXOR %s, %s, %s", y(zero), y(zero), y(zero))
	s.rounding(round)
	s.f("PCALIGN $32")
	s.label(name + "_block")
	for i := range 4 {
		s.f("VMOVDQA %s, %s", y(round), y(i))
		s.f("VPXOR %s, %s, %s", y(4+i), y(4+i), y(4+i))
	}
	s.f("MOVQ VerticalArgs_Offsets(DI), R11")
	s.f("MOVQ VerticalArgs_Weights(DI), R12")
	s.f("MOVQ R13, CX")
	s.label(name + "_pair")
	s.f("MOVQ (R11), AX")
	s.f("MOVQ 8(R11), BX")
	s.f("VPBROADCASTD (R12), %s", y(low))
	s.f("VPBROADCASTD 4(R12), %s", y(high))
	s.f("VMOVDQU (SI)(AX*1), Y12")
	s.f("VMOVDQU (SI)(BX*1), Y13")
	s.f("VPUNPCKHBW Y13, Y12, Y14")
	s.f("VPUNPCKLBW Y13, Y12, Y12")
	for i, half := range []string{"Y12", "Y14"} {
		for j, unpack := range []string{"L", "H"} {
			sum := 2*i + j
			s.f("VPUNPCK%sBW %s, %s, Y15", unpack, y(zero), half)
			s.f("VPMADDWD %s, Y15, Y13", y(low))
			s.f("VPADDD Y13, %s, %s", y(sum), y(sum))
			s.f("VPMADDWD %s, Y15, Y15", y(high))
			s.f("VPADDD Y15, %s, %s", y(4+sum), y(4+sum))
		}
	}
	s.f("ADDQ $16, R11")
	s.f("ADDQ $8, R12")
	s.f("DECQ CX")
	s.f("JNZ %s_pair", name)
	for i := range 4 {
		s.f("VPSLLD $%d, %s, %s", digitBits, y(4+i), y(4+i))
		s.f("VPADDD %s, %s, %s", y(4+i), y(i), y(i))
		s.f("VPSRAD $%d, %s, %s", precision, y(i), y(i))
	}
	s.f("VPACKSSDW Y1, Y0, Y0")
	s.f("VPACKSSDW Y3, Y2, Y2")
	s.f("VPACKUSWB Y2, Y0, Y0")
	s.f("VMOVDQU Y0, (R9)")
	s.f("ADDQ $%d, SI", vectorSize)
	s.f("ADDQ $%d, R9", vectorSize)
	s.f("SUBQ $%d, R10", vectorSize)
	s.f("JNZ %s_block", name)
	s.ret()
}

// normalise keeps the constants of three vectors in registers.
func (s avx2) normalise() {
	name := "normaliseAVX2"
	s.function(name, "NormaliseArgs",
		[2]string{"Src", "SI"}, [2]string{"Dst", "R9"}, [2]string{"Blocks", "CX"}, [2]string{"Constants", "AX"})
	constant := func(kind, phase int) string { return y(3*kind + phase) }
	const shift, scale, rest, offset = 0, 1, 2, 3
	for kind, field := range []string{"Shift", "Scale", "Rest", "Offset"} {
		for phase := range 3 {
			s.f("VMOVUPS normaliseConstants_%s+%d(AX), %s", field, vectorSize*phase, constant(kind, phase))
		}
	}
	s.f("PCALIGN $32")
	s.label(name + "_block")
	for phase := range 3 {
		t, sum := y(12+phase%2*2), y(13+phase%2*2)
		s.f("VPMOVZXBD %d(SI), %s", 8*phase, t)
		s.f("VCVTDQ2PS %s, %s", t, t)
		s.f("VSUBPS %s, %s, %s", constant(shift, phase), t, t)
		s.f("VMOVAPS %s, %s", constant(rest, phase), sum)
		s.f("VFMADD213PS %s, %s, %s", constant(offset, phase), t, sum)
		s.f("VFMADD231PS %s, %s, %s", constant(scale, phase), t, sum)
		s.f("VMOVUPS %s, %d(R9)", sum, vectorSize*phase)
	}
	s.f("ADDQ $24, SI")
	s.f("ADDQ $%d, R9", 3*vectorSize)
	s.f("DECQ CX")
	s.f("JNZ %s_block", name)
	s.ret()
}
