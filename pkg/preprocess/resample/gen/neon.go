package main

import "fmt"

// neon writes kernels for arm64. Bytes become 32-bit words by a table lookup,
// whose indices beyond the table give zero, and are multiplied by whole
// weights. Registers R16 to R18 and R26 to R30 are left to linker and runtime.
type neon struct{ *source }

func (s neon) function(name, args string, fields ...[2]string) {
	s.text(name, args)
	s.f("MOVD a+0(FP), R0")
	for _, field := range fields {
		s.f("MOVD %s_%s(R0), %s", args, field[0], field[1])
	}
}

// three encodes an instruction of three vectors that Go's assembler does not
// know; word is its encoding with registers 0.
func (s neon) three(mnemonic string, word uint32, d, n, m int) {
	s.f("WORD $%#08x // %s V%d, V%d, V%d", word|uint32(m)<<16|uint32(n)<<5|uint32(d), mnemonic, d, n, m)
}

// two is three for instructions with one source.
func (s neon) two(mnemonic string, word uint32, d, n int) {
	s.f("WORD $%#08x // %s V%d, V%d", word|uint32(n)<<5|uint32(d), mnemonic, d, n)
}

// mla adds n·m to d, words.
func (s neon) mla(d, n, m int) { s.three("MLA.4S", 0x4ea09400, d, n, m) }

// round shifts words right by the precision, halves up.
func (s neon) round(d int) {
	s.two(fmt.Sprintf("SRSHR.4S #%d", precision), 0x4f002400|(64-precision)<<16, d, d)
}

// narrow clips words to 16 bits, signed.
func (s neon) narrow(d, n int) { s.two("SQXTN.4H", 0x0e614800, d, n) }

// narrowUpper is narrow to the upper half of d.
func (s neon) narrowUpper(d, n int) { s.two("SQXTN2.8H", 0x4e614800, d, n) }

// bytes clips eight 16-bit values to bytes.
func (s neon) bytes(d, n int) { s.two("SQXTUN.8B", 0x2e212800, d, n) }

func (s neon) zero(v int) { s.f("VEOR V%d.B16, V%d.B16, V%d.B16", v, v, v) }

func (s neon) lookup(d, table, indices int) {
	s.f("VTBL V%d.B16, [V%d.B16], V%d.B16", indices, table, d)
}

// horizontal takes four taps at a time, a register of sums a channel and row.
func (s neon) horizontal(rows int) {
	const (
		weights, pixels, picked = 12, 14, 15 // weights + 1 holds the high digits
		shuffle                 = 16         // three, a channel each
	)
	name := fmt.Sprintf("horizontal%dNEON", rows)
	s.function(name, "HorizontalArgs",
		[2]string{"Src", "R1"}, [2]string{"SrcStride", "R2"}, [2]string{"Dst", "R3"}, [2]string{"DstStride", "R4"},
		[2]string{"Left", "R5"}, [2]string{"Weights", "R6"}, [2]string{"Groups", "R7"}, [2]string{"N", "R8"},
		[2]string{"Size", "R9"}, [2]string{"Shuffle", "R10"})
	s.wordShuffles(shuffle)
	s.f("LSL $2, R9, R11")
	s.label("output")
	s.f("MOVW.P 4(R5), R12")
	s.f("MUL R9, R12, R12")
	s.f("ADD R1, R12, R12")
	for v := range 3 * rows {
		s.zero(v)
	}
	s.f("MOVD R7, R13")
	s.label("group")
	s.f("VLD1.P 16(R6), [V%d.B16]", weights)
	s.two(fmt.Sprintf("SSHLL2.4S #%d", digitBits), 0x4f00a400|(16+digitBits)<<16, weights+1, weights)
	s.f("VUSHLL $0, V%d.H4, V%d.S4", weights, weights)
	s.f("VADD V%d.S4, V%d.S4, V%d.S4", weights+1, weights, weights)
	s.f("MOVD R12, R14")
	for row := range rows {
		s.f("VLD1 (R14), [V%d.B16]", pixels)
		if row != rows-1 {
			s.f("ADD R2, R14, R14")
		}
		for c := range 3 {
			s.lookup(picked, pixels, shuffle+c)
			s.mla(3*row+c, picked, weights)
		}
	}
	s.f("ADD R11, R12, R12")
	s.f("SUB $1, R13")
	s.f("CBNZ R13, group")
	s.storePixels(rows)
	s.f("ADD $3, R3, R3")
	s.f("SUB $1, R8")
	s.f("CBNZ R8, output")
	s.f("RET")
}

// wordShuffles makes lookups of words from those of 16-bit words at R10.
func (s neon) wordShuffles(to int) {
	s.f("VLD1 (R10), [V0.B16, V1.B16]")
	s.f("VEXT $8, V0.B16, V0.B16, V2.B16")
	s.f("MOVD $0x80808080, R11")
	s.f("VDUP R11, V4.S4")
	s.f("VSHL $8, V4.S4, V5.S4")
	for c, v := range []int{0, 2, 1} {
		s.f("VUSHLL $0, V%d.H4, V%d.S4", v, to+c)
		s.f("VORR V5.B16, V%d.B16, V%d.B16", to+c, to+c)
	}
}

// storePixels sums the four words of each channel and stores four bytes a row.
func (s neon) storePixels(rows int) {
	s.f("MOVD R3, R14")
	for row := range rows {
		r, g, b := 3*row, 3*row+1, 3*row+2
		s.f("VADDP V%d.S4, V%d.S4, V%d.S4", g, r, r)
		s.f("VADDP V%d.S4, V%d.S4, V%d.S4", b, b, b)
		s.f("VADDP V%d.S4, V%d.S4, V%d.S4", b, r, r)
		s.round(r)
		s.narrow(r, r)
		s.bytes(r, r)
		s.f("VMOV V%d.S[0], R15", r)
		s.f("MOVW R15, (R14)")
		if row != rows-1 {
			s.f("ADD R4, R14, R14")
		}
	}
}

// byteShuffles makes lookups that spread 16 bytes over four registers.
func (s neon) byteShuffles(to int) {
	s.f("MOVD $0x8080800180808000, R10")
	s.f("VMOV R10, V%d.D[0]", to)
	s.f("MOVD $0x8080800380808002, R10")
	s.f("VMOV R10, V%d.D[1]", to)
	s.f("MOVD $4, R10")
	s.f("VDUP R10, V%d.S4", to+3)
	for i := 1; i < 4; i++ {
		from := to + i - 1
		if i == 3 {
			s.f("VADD V%d.S4, V%d.S4, V%d.S4", to+3, from, to+3)
			continue
		}
		s.f("VADD V%d.S4, V%d.S4, V%d.S4", to+3, from, to+i)
	}
}

// vertical takes 32 samples of a row at a time.
func (s neon) vertical() {
	const weight, pixels, picked, shuffle = 8, 9, 11, 12
	s.function("verticalNEON", "VerticalArgs",
		[2]string{"Src", "R1"}, [2]string{"Dst", "R3"}, [2]string{"N", "R4"}, [2]string{"Pairs", "R7"})
	s.byteShuffles(shuffle)
	s.label("block")
	for v := range 8 {
		s.zero(v)
	}
	s.f("MOVD VerticalArgs_Offsets(R0), R5")
	s.f("MOVD VerticalArgs_Weights(R0), R6")
	s.f("MOVD R7, R8")
	s.label("pair")
	for i := range 2 {
		s.f("MOVD.P 8(R5), R9")
		s.f("ADD R1, R9, R9")
		s.f("MOVHU %d(R6), R10", 2*i)
		s.f("MOVH %d(R6), R11", 4+2*i)
		s.f("ADD R11<<%d, R10, R10", digitBits)
		s.f("VDUP R10, V%d.S4", weight)
		s.f("VLD1 (R9), [V%d.B16, V%d.B16]", pixels, pixels+1)
		for v := range 8 {
			s.lookup(picked, pixels+v/4, shuffle+v%4)
			s.mla(v, picked, weight)
		}
	}
	s.f("ADD $8, R6, R6")
	s.f("SUB $1, R8")
	s.f("CBNZ R8, pair")
	for v := range 8 {
		s.round(v)
	}
	for v := 0; v < 8; v += 2 {
		s.narrow(v, v)
		s.narrowUpper(v, v+1)
		s.bytes(v, v)
		s.f("VST1.P [V%d.B8], 8(R3)", v)
	}
	s.f("ADD $%d, R1, R1", vectorSize)
	s.f("SUB $%d, R4, R4", vectorSize)
	s.f("CBNZ R4, block")
	s.f("RET")
}

// normalise keeps the constants of three vectors in registers.
func (s neon) normalise() {
	const shift, scale, rest, offset = 0, 3, 6, 9
	const pixels, t, sum, shuffle = 12, 14, 15, 16
	s.function("normaliseNEON", "NormaliseArgs",
		[2]string{"Src", "R1"}, [2]string{"Dst", "R3"}, [2]string{"Blocks", "R4"}, [2]string{"Constants", "R5"})
	s.byteShuffles(shuffle)
	for i, field := range []string{"Shift", "Scale", "Rest", "Offset"} {
		s.f("ADD $normaliseConstants_%s, R5, R6", field)
		s.f("VLD1 (R6), [V%d.S4, V%d.S4, V%d.S4]", 3*i, 3*i+1, 3*i+2)
	}
	s.label("block")
	s.f("VLD1.P 16(R1), [V%d.B16]", pixels)
	s.f("VLD1.P 8(R1), [V%d.B8]", pixels+1)
	for i := range 6 {
		phase := i % 3
		s.lookup(t, pixels+i/4, shuffle+i%4)
		s.two("SCVTF.4S", 0x4e21d800, t, t)
		s.three("FSUB.4S", 0x4ea0d400, t, t, shift+phase)
		s.f("VMOV V%d.B16, V%d.B16", offset+phase, sum)
		s.f("VFMLA V%d.S4, V%d.S4, V%d.S4", rest+phase, t, sum)
		s.f("VFMLA V%d.S4, V%d.S4, V%d.S4", scale+phase, t, sum)
		s.f("VST1.P [V%d.S4], 16(R3)", sum)
	}
	s.f("SUB $1, R4")
	s.f("CBNZ R4, block")
	s.f("RET")
}
