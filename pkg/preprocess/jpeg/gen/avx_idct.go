package main

import "fmt"

// Cosines with 13 fractional bits, named after T.81's Loeffler factorisation
// as the portable code does.
const (
	fix0211 = 1730
	fix0298 = 2446
	fix0390 = 3196
	fix0509 = 4176
	fix0541 = 4433
	fix0601 = 4926
	fix0720 = 5906
	fix0765 = 6270
	fix0850 = 6967
	fix0899 = 7373
	fix1061 = 8697
	fix1175 = 9633
	fix1272 = 10426
	fix1451 = 11893
	fix1501 = 12299
	fix1847 = 15137
	fix1961 = 16069
	fix2053 = 16819
	fix2172 = 17799
	fix2562 = 20995
	fix3072 = 25172
	fix3624 = 29692
)

// odd8 are the factors of coefficients 7, 1, 5 and 3 in the odd parts that go
// with the outer to the inner samples: one linear map of the factorisation's
// steps, exact in 32 bits.
var odd8 = [4][4]int{
	{fix1175 - fix0899, fix1501 - fix0899 + fix1175 - fix0390, fix1175 - fix0390, fix1175},
	{fix1175 - fix1961, fix1175, fix1175 - fix2562, fix3072 - fix2562 + fix1175 - fix1961},
	{fix1175, fix1175 - fix0390, fix2053 - fix2562 + fix1175 - fix0390, fix1175 - fix2562},
	{fix0298 - fix0899 + fix1175 - fix1961, fix1175 - fix0899, fix1175, fix1175 - fix1961},
}

// idct emits the inverse transforms. A block is four vectors of pairs, of rows
// 0 and 4, 2 and 6, 7 and 1, 5 and 3; along a vector columns come as 0, 4, 2,
// 6, 7, 1, 5, 3, so that packed results are pairs for the second pass.
func (s avx) idct() {
	s.transform("idct8", 8, s.idct8)
	s.transform("idct4", 4, s.idct4)
	s.transform("idct2", 2, s.idct2)
}

// transform emits a loop over blocks: body turns the dequantised vectors Y0 to
// Y3 to side×side samples at DI.
func (s avx) transform(name string, side int, body func()) {
	s.text(name, "(coefs []int16, quant *[64]int16, dst []byte, stride int)", 64)
	s.f("MOVQ coefs_base+0(FP), SI")
	s.f("MOVQ coefs_len+8(FP), CX")
	s.f("MOVQ quant+24(FP), DX")
	s.f("MOVQ dst_base+32(FP), DI")
	s.f("MOVQ stride+56(FP), R8")
	s.f("LEAQ (R8)(R8*2), R9")
	s.f("LEAQ (DI)(R8*4), R10")
	s.f("SHRQ $6, CX")
	s.f("JZ done")
	s.label("loop")
	for i := range 4 {
		s.f("VMOVDQU %d(SI), Y%d", i*vector, i)
	}
	s.f("VPXOR Y15, Y15, Y15")
	mask := words(vector, -1)
	mask[0], mask[1] = 0, 0
	s.f("VPAND %s, Y0, Y4", s.keep(mask))
	s.f("VPOR Y1, Y2, Y5")
	s.f("VPOR Y3, Y4, Y4")
	s.f("VPOR Y4, Y5, Y4")
	s.f("VPMULLW (DX), Y0, Y0")
	s.f("VMOVDQU Y15, (SI)")
	s.f("VPTEST Y4, Y4")
	s.f("JZ flat")
	for i := 1; i < 4; i++ {
		s.f("VPMULLW %d(DX), Y%d, Y%d", i*vector, i, i)
		s.f("VMOVDQU Y15, %d(SI)", i*vector)
	}
	body()
	s.label("next")
	s.f("ADDQ $%d, SI", 4*vector)
	s.f("ADDQ $%d, DI", side)
	if side == 8 {
		s.f("ADDQ $%d, R10", side)
	}
	s.f("DECQ CX")
	s.f("JNZ loop")
	s.label("done")
	s.ret()
	s.label("flat")
	s.flat(side)
	s.f("JMP next")
}

// flat fills the block with the sample of its DC coefficient.
func (s avx) flat(side int) {
	s.f("VPSLLD $16, X0, X0")
	s.f("VPSRAD $16, X0, X0")
	s.f("VPADDD %s, X0, X0", s.lanes(4+128<<3))
	s.f("VPSRAD $3, X0, X0")
	s.f("VPACKSSDW X0, X0, X0")
	s.f("VPACKUSWB X0, X0, X0")
	s.f("VPSHUFB X15, X0, X0")
	store := map[int]string{8: "VMOVQ", 4: "VMOVD", 2: "MOVW"}[side]
	from := "X0"
	if side == 2 {
		s.f("VMOVD X0, AX")
		from = "AX"
	}
	for y := range side {
		s.f("%s %s, %s", store, from, rowAt(y))
	}
}

// rowAt is the address of a row of the block.
func rowAt(y int) string {
	base := "DI"
	if y >= 4 {
		base = "R10"
	}
	return fmt.Sprintf("(%s)", base) + [4]string{"", "(R8*1)", "(R8*2)", "(R9*1)"}[y%4]
}

func (s avx) idct8() {
	s.pass8(1<<10, 11)
	s.f("VPACKSSDW Y13, Y12, Y12")
	s.f("VPACKSSDW Y15, Y14, Y14")
	s.f("VPACKSSDW Y11, Y9, Y9")
	s.f("VPACKSSDW Y8, Y10, Y10")
	s.f("VSHUFPS $0x88, Y14, Y12, Y4")
	s.f("VSHUFPS $0xdd, Y14, Y12, Y5")
	s.f("VSHUFPS $0x88, Y10, Y9, Y6")
	s.f("VSHUFPS $0xdd, Y10, Y9, Y7")
	s.f("VPERM2I128 $0x20, Y6, Y4, Y0")
	s.f("VPERM2I128 $0x20, Y7, Y5, Y1")
	s.f("VPERM2I128 $0x31, Y6, Y4, Y2")
	s.f("VPERM2I128 $0x31, Y7, Y5, Y3")
	s.pass8(1<<17+128<<18, 18)
	s.f("VPACKSSDW Y13, Y12, Y12")
	s.f("VPACKSSDW Y15, Y14, Y14")
	s.f("VPACKSSDW Y11, Y9, Y9")
	s.f("VPACKSSDW Y8, Y10, Y10")
	s.f("VPACKUSWB Y14, Y12, Y12")
	s.f("VPACKUSWB Y10, Y9, Y9")
	s.f("VMOVDQU %s, Y4", s.keep(transpose()))
	s.f("VPSHUFB Y4, Y12, Y12")
	s.f("VPSHUFB Y4, Y9, Y9")
	s.f("VPUNPCKLDQ Y9, Y12, Y0")
	s.f("VPUNPCKHDQ Y9, Y12, Y1")
	for i := range 2 {
		s.f("VMOVQ X%d, %s", i, rowAt(2*i))
		s.f("VMOVHPS X%d, %s", i, rowAt(2*i+1))
	}
	for i := range 2 {
		s.f("VEXTRACTI128 $1, Y%d, X%d", i, i)
		s.f("VMOVQ X%d, %s", i, rowAt(4+2*i))
		s.f("VMOVHPS X%d, %s", i, rowAt(4+2*i+1))
	}
}

// transpose is the shuffle that turns 4×4 bytes about, in each half.
func transpose() []byte {
	var m []byte
	for i := range vector {
		m = append(m, byte(i%4*4+i%16/4))
	}
	return m
}

// pass8 transforms the lines that Y0 to Y3 hold the pairs of; samples 0 to 7
// come in Y12, Y13, Y14, Y15, Y9, Y11, Y10, Y8.
func (s avx) pass8(round, shift int) {
	s.f("VPMADDWD %s, Y0, Y4", s.pair(1<<13, 1<<13))
	s.f("VPMADDWD %s, Y0, Y5", s.pair(1<<13, -1<<13))
	s.f("VPMADDWD %s, Y1, Y6", s.pair(fix0541+fix0765, fix0541))
	s.f("VPMADDWD %s, Y1, Y7", s.pair(fix0541, fix0541-fix1847))
	s.f("VMOVDQU %s, Y0", s.lanes(round))
	s.f("VPADDD Y0, Y4, Y4")
	s.f("VPADDD Y0, Y5, Y5")
	s.f("VPADDD Y6, Y4, Y8")
	s.f("VPADDD Y7, Y5, Y10")
	s.f("VPSUBD Y7, Y5, Y11")
	s.f("VPSUBD Y6, Y4, Y9")
	for i, r := range [4][2]int{{8, 12}, {10, 13}, {11, 14}, {9, 15}} {
		even, sum := r[0], r[1]
		a, b := 4+i%2*2, 5+i%2*2
		s.f("VPMADDWD %s, Y2, Y%d", s.pair(odd8[i][0], odd8[i][1]), a)
		s.f("VPMADDWD %s, Y3, Y%d", s.pair(odd8[i][2], odd8[i][3]), b)
		s.f("VPADDD Y%d, Y%d, Y%d", b, a, a)
		s.f("VPADDD Y%d, Y%d, Y%d", a, even, sum)
		s.f("VPSUBD Y%d, Y%d, Y%d", a, even, even)
		s.f("VPSRAD $%d, Y%d, Y%d", shift, sum, sum)
		s.f("VPSRAD $%d, Y%d, Y%d", shift, even, even)
	}
}

func (s avx) idct4() {
	s.pass4("Y", 1<<11, 12)
	s.f("VPACKSSDW Y5, Y4, Y4")
	s.f("VPACKSSDW Y7, Y6, Y6")
	s.f("VSHUFPS $0x88, Y6, Y4, Y0")
	s.f("VSHUFPS $0xdd, Y6, Y4, Y1")
	s.f("VEXTRACTI128 $1, Y0, X2")
	s.f("VEXTRACTI128 $1, Y1, X3")
	s.pass4("X", 1<<18+128<<19, 19)
	s.f("VPACKSSDW X5, X4, X4")
	s.f("VPACKSSDW X7, X6, X6")
	s.f("VPACKUSWB X6, X4, X4")
	s.f("VPSHUFB %s, X4, X4", s.keep(transpose()))
	s.f("VMOVD X4, %s", rowAt(0))
	for y := 1; y < 4; y++ {
		s.f("VPEXTRD $%d, X4, %s", y, rowAt(y))
	}
}

// pass4 is pass8 for four samples, which come in registers 4 to 7.
func (s avx) pass4(reg string, round, shift int) {
	madd := func(low, high, from, to int) {
		s.f("VPMADDWD %s, %s%d, %s%d", s.pair(low, high), reg, from, reg, to)
	}
	op := func(name string, b, a, d int) { s.f("%s %s%d, %s%d, %s%d", name, reg, b, reg, a, reg, d) }
	madd(1<<14, 0, 0, 4)
	madd(fix1847, -fix0765, 1, 5)
	s.f("VPADDD %s, %s4, %s4", s.lanes(round), reg, reg)
	op("VPADDD", 5, 4, 8)
	op("VPSUBD", 5, 4, 9)
	madd(-fix0509, fix2562, 2, 10)
	madd(-fix0601, fix0899, 3, 11)
	op("VPADDD", 11, 10, 10)
	madd(-fix0211, fix1061, 2, 12)
	madd(fix1451, -fix2172, 3, 13)
	op("VPADDD", 13, 12, 12)
	op("VPADDD", 10, 8, 4)
	op("VPADDD", 12, 9, 5)
	op("VPSUBD", 12, 9, 6)
	op("VPSUBD", 10, 8, 7)
	for i := 4; i < 8; i++ {
		s.f("VPSRAD $%d, %s%d, %s%d", shift, reg, i, reg, i)
	}
}

func (s avx) idct2() {
	s.f("VPSLLD $16, Y0, Y0")
	s.f("VPSRAD $1, Y0, Y0")
	s.f("VPADDD %s, Y0, Y0", s.lanes(1<<12))
	s.f("VPMADDWD %s, Y2, Y2", s.pair(-fix0720, fix3624))
	s.f("VPMADDWD %s, Y3, Y3", s.pair(fix0850, -fix1272))
	s.f("VPADDD Y3, Y2, Y2")
	s.f("VPADDD Y2, Y0, Y4")
	s.f("VPSUBD Y2, Y0, Y5")
	s.f("VPSRAD $13, Y4, Y4")
	s.f("VPSRAD $13, Y5, Y5")
	s.f("VPACKSSDW Y5, Y4, Y4")
	s.f("VEXTRACTI128 $1, Y4, X2")
	s.f("VPSLLD $16, X4, X0")
	s.f("VPSRAD $1, X0, X0")
	s.f("VPADDD %s, X0, X0", s.lanes(1<<19+128<<20))
	s.f("VPMADDWD %s, X2, X2", s.keep(words(vector, -fix0720, fix3624, fix0850, -fix1272)))
	s.f("VPSHUFD $0xb1, X2, X3")
	s.f("VPADDD X3, X2, X2")
	s.f("VPADDD X2, X0, X4")
	s.f("VPSUBD X2, X0, X5")
	s.f("VPSRAD $20, X4, X4")
	s.f("VPSRAD $20, X5, X5")
	s.f("VPSLLQ $32, X5, X5")
	s.f("VPBLENDD $0x0a, X5, X4, X4")
	s.f("VPACKSSDW X4, X4, X4")
	s.f("VPACKUSWB X4, X4, X4")
	s.f("VMOVD X4, AX")
	s.f("MOVW AX, %s", rowAt(0))
	s.f("SHRL $16, AX")
	s.f("MOVW AX, %s", rowAt(1))
}
