package main

func (s neon) gradients() {
	s.relu6Slope()
	s.siluSlope()
	for _, x := range s.filterGrads() {
		s.filterGrad(x)
	}
}

// fcmgt sets all bits where n > m and none elsewhere.
var fcmgt = operation{"FCMGT", 0x6ea0e400}

func (s neon) and(d, n, m int) { s.f("VAND V%d.B16, V%d.B16, V%d.B16", m, n, d) }

// relu6Slope keeps the gradient where 0 < y < 6.
func (s neon) relu6Slope() {
	const grad, y, mask, zero, six = 0, 4, 8, 12, 13
	s.function("relu6Slope"+s.name, "SlopeArgs")
	s.field(slopeD, "R1")
	s.field(slopeX, "R2")
	s.field(slopeN, "R3")
	s.clamps(zero, six)
	s.label("loop")
	for h := 0; h < s.halves; h += 2 {
		s.load("R1", h*16, grad+h)
		s.load("R2", h*16, y+h)
	}
	for h := range s.halves {
		s.op(fcmgt, mask+h, y+h, zero)
		s.op(fcmgt, y+h, six, y+h)
		s.and(mask+h, mask+h, y+h)
		s.and(grad+h, grad+h, mask+h)
	}
	s.store(grad, "R1", 0)
	s.store(grad+2, "R1", 32)
	s.advance("R1", blockBytes)
	s.advance("R2", blockBytes)
	s.next("R3", "loop")
	s.f("RET")
}

// siluSlope multiplies the gradient by s·(1 + x·(1−s)).
func (s neon) siluSlope() {
	const grad, x, sigmoid, t, u, one = 0, 4, 8, 12, 16, 20
	s.function("siluSlope"+s.name, "SlopeArgs")
	s.field(slopeD, "R1")
	s.field(slopeX, "R2")
	s.field(slopeS, "R3")
	s.field(slopeN, "R4")
	s.f("MOVD $·constants+%d(SB), R5", kOne*4)
	s.broadcast("R5", one)
	s.label("loop")
	for h := 0; h < s.halves; h += 2 {
		s.load("R1", h*16, grad+h)
		s.load("R2", h*16, x+h)
		s.load("R3", h*16, sigmoid+h)
	}
	for h := range s.halves {
		s.op(fsub, t+h, one, sigmoid+h)
		s.copy(one, u+h)
		s.fma(u+h, t+h, x+h)
		s.op(fmul, u+h, u+h, sigmoid+h)
		s.op(fmul, grad+h, grad+h, u+h)
	}
	s.store(grad, "R1", 0)
	s.store(grad+2, "R1", 32)
	for _, p := range []string{"R1", "R2", "R3"} {
		s.advance(p, blockBytes)
	}
	s.next("R4", "loop")
	s.f("RET")
}

// filterGrad emits one kernel, a row of taps at a time. Registers: R1 the first
// tap of the row and R2 the bytes to the next, R3 its sums in memory, R4 its
// inputs for an output row, R5 for a pixel, R6 the gradient; R7 rows of taps,
// R8 rows and R9 pixels that are left.
func (s neon) filterGrad(x filter) {
	sum := func(j int) int { return j * s.halves }
	grad, in := sum(x.kernel), sum(x.kernel)+s.halves
	sums := func(f func(v, offset int)) {
		for v := 0; v < sum(x.kernel); v += 2 {
			f(v, v*16)
		}
	}
	s.function(x.gradName(s.isa), "FilterGradArgs")
	s.field(fgIn, "R1")
	s.field(fgInRow, "R2")
	s.field(fgOut, "R3")
	s.field(fgRowStep, "R10")
	s.f("MOVD $%d, R7", x.kernel)
	s.label("taps")
	sums(func(v, offset int) { s.load("R3", offset, v) })
	s.f("MOVD R1, R4")
	s.field(fgD, "R6")
	s.field(fgRows, "R8")
	s.label("row")
	s.f("MOVD R4, R5")
	s.field(fgCols, "R9")
	s.label("pixel")
	s.load("R6", 0, grad)
	s.load("R6", 32, grad+2)
	for j := range x.kernel {
		s.load("R5", j*blockBytes, in)
		s.load("R5", j*blockBytes+32, in+2)
		for h := range s.halves {
			s.fma(sum(j)+h, in+h, grad+h)
		}
	}
	s.advance("R5", x.stride*blockBytes)
	s.advance("R6", blockBytes)
	s.next("R9", "pixel")
	s.f("ADD R10, R4")
	s.next("R8", "row")
	sums(func(v, offset int) { s.store(v, "R3", offset) })
	s.advance("R3", x.kernel*blockBytes)
	s.f("ADD R2, R1")
	s.next("R7", "taps")
	s.f("RET")
}
