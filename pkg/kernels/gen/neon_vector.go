package main

import "fmt"

func (s neon) vectors() {
	s.sigmoidBody("siluRow", true)
	s.sigmoidBody("sigmoidRow", false)
	for _, name := range []string{"silu", "sigmoid"} {
		s.function(name+s.name, "VectorArgs")
		s.field(vecX, "R12")
		s.field(vecN, "R13")
		s.f("LSL $6, R13")
		s.f("JMP %sRow%s<>(SB)", name, s.name)
	}
	s.sumKernel()
	s.scaleKernel()
	s.scaleRowsKernel()
	s.addKernel()
	s.spinKernel()
}

func (s neon) siluRow() { s.sigmoidBody("siluRow", true) }

// sigmoidBody emits a function for assembly callers: R13 bytes at R12, a
// positive multiple of a channel block; it changes R12, R13, R15 and every
// vector register.
func (s neon) sigmoidBody(name string, times bool) {
	fmt.Fprintf(s, "\n// %s%s<> works in place on R13 bytes at R12.\nTEXT %s%s<>(SB), NOSPLIT, $0-0\n", name, s.name, name, s.name)
	const held = 16 // the register of constant 0
	s.f("MOVD $·constants(SB), R15")
	for k := range kSquareShift {
		s.broadcast("R15", held+k)
	}
	s.f("PCALIGN $16")
	s.label("block")
	s.sigmoidBlock(held, times)
	s.advance("R12", blockBytes)
	s.f("SUB $%d, R13", blockBytes)
	s.f("CBNZ R13, block")
	s.f("RET")
}

// sigmoidBlock emits the four vectors of a channel block: t = −log2e·x is
// split into an integer, which goes to the exponent, and a rest in [−½, ½] for
// the polynomial. Constant k is in register held+k.
func (s neon) sigmoidBlock(held int, times bool) {
	const x, t, r, p, q = 0, 4, 8, 12, 28 // the first of four registers each
	constant := func(k int) int { return held + k }
	each := func(emit func(i int)) {
		for i := range s.halves {
			emit(i)
		}
	}
	s.load("R12", 0, x)
	s.load("R12", 32, x+2)
	each(func(i int) { s.op(fmax, x+i, x+i, constant(kSiluFloor)) })
	each(func(i int) { s.op(fmul, t+i, x+i, constant(kNegLog2e)) })
	each(func(i int) { s.op(fmax, t+i, t+i, constant(kLeast)) })
	each(func(i int) { s.op(fadd, r+i, t+i, constant(kShift)) })
	each(func(i int) { s.op(fsub, p+i, r+i, constant(kShift)) })
	each(func(i int) { s.op(fsub, t+i, t+i, p+i) })
	each(func(i int) { s.f("VSHL $23, V%d.S4, V%d.S4", r+i, r+i) })
	// Horner's rule: a product is added to a copy of the next coefficient.
	each(func(i int) { s.copy(constant(kPoly+5), p+i) })
	from, to := p, q
	for power := 4; power >= 0; power-- {
		each(func(i int) { s.copy(constant(kPoly+power), to+i) })
		each(func(i int) { s.fma(to+i, from+i, t+i) })
		from, to = to, from
	}
	// The bits of 1 make r the factor 2^n; a product lets NaN pass.
	each(func(i int) { s.f("VADD V%d.S4, V%d.S4, V%d.S4", constant(kOne), r+i, r+i) })
	each(func(i int) { s.copy(constant(kOne), to+i) })
	each(func(i int) { s.fma(to+i, from+i, r+i) })
	each(func(i int) {
		numerator := constant(kOne)
		if times {
			numerator = x + i
		}
		s.op(fdiv, x+i, numerator, to+i)
	})
	s.store(x, "R12", 0)
	s.store(x+2, "R12", 32)
}

// sumKernel keeps four running sums, as sumPortable says.
func (s neon) sumKernel() {
	sum := func(l, h int) int { return l*s.halves + h }
	in := sum(sumLanes, 0)
	s.function("sum"+s.name, "VectorArgs")
	s.field(vecX, "R1")
	s.field(vecN, "R2")
	for v := range in {
		s.zero(v)
	}
	add := func(l int) {
		s.load("R1", l*blockBytes, in)
		s.load("R1", l*blockBytes+32, in+2)
		for h := range s.halves {
			s.op(fadd, sum(l, h), sum(l, h), in+h)
		}
	}
	s.label("loop")
	s.f("CMP $%d, R2", sumLanes)
	s.f("BLT tail")
	for l := range sumLanes {
		add(l)
	}
	s.advance("R1", sumLanes*blockBytes)
	s.f("SUB $%d, R2", sumLanes)
	s.f("JMP loop")
	s.label("tail")
	for l := range sumLanes - 1 {
		s.f("CMP $%d, R2", l+1)
		s.f("BLT scale")
		add(l)
	}
	s.label("scale")
	s.f("ADD $%d, R0, R3", vecScale)
	s.broadcast("R3", in)
	for h := range s.halves {
		s.op(fadd, sum(0, h), sum(0, h), sum(1, h))
		s.op(fadd, sum(2, h), sum(2, h), sum(3, h))
		s.op(fadd, sum(0, h), sum(0, h), sum(2, h))
		s.op(fmul, sum(0, h), sum(0, h), in)
	}
	s.field(vecOut, "R3")
	s.store(0, "R3", 0)
	s.store(2, "R3", 32)
	s.f("RET")
}

func (s neon) scaleKernel() {
	s.function("scale"+s.name, "VectorArgs")
	s.field(vecX, "R1")
	s.field(vecN, "R2")
	s.field(vecOut, "R3")
	s.load("R3", 0, 0)
	s.load("R3", 32, 2)
	s.label("loop")
	s.load("R1", 0, 4)
	s.load("R1", 32, 6)
	for h := range s.halves {
		s.op(fmul, 4+h, 4+h, h)
	}
	s.store(4, "R1", 0)
	s.store(6, "R1", 32)
	s.advance("R1", blockBytes)
	s.next("R2", "loop")
	s.f("RET")
}

func (s neon) addKernel() {
	s.function("add"+s.name, "VectorArgs")
	s.field(vecX, "R1")
	s.field(vecN, "R2")
	s.field(vecOut, "R3")
	s.label("loop")
	for h := 0; h < s.halves; h += 2 {
		s.load("R1", h*16, h)
		s.load("R3", h*16, 4+h)
	}
	for h := range s.halves {
		s.op(fadd, h, h, 4+h)
	}
	s.store(0, "R1", 0)
	s.store(2, "R1", 32)
	s.advance("R1", blockBytes)
	s.advance("R3", blockBytes)
	s.next("R2", "loop")
	s.f("RET")
}

func (s neon) scaleRowsKernel() {
	s.function("scaleRows"+s.name, "ScaleRowsArgs")
	s.field(rowsDst, "R1")
	s.field(rowsSrc, "R2")
	s.field(rowsFactors, "R3")
	s.field(rowsN, "R4")
	s.label("row")
	s.broadcast("R3", 0)
	s.field(rowsVecs, "R5")
	s.label("vec")
	s.load("R2", 0, 4)
	s.load("R2", 32, 6)
	for h := range s.halves {
		s.op(fmul, 4+h, 4+h, 0)
	}
	s.store(4, "R1", 0)
	s.store(6, "R1", 32)
	s.advance("R1", blockBytes)
	s.advance("R2", blockBytes)
	s.next("R5", "vec")
	s.next("R4", "row")
	s.f("RET")
}

func (s neon) spinKernel() {
	blocks := s.spinBlocks()
	x := s.regs - s.halves // the first of the registers of X
	scale := x - 1
	s.function("spin"+s.name, "VectorArgs")
	s.field(vecX, "R1")
	s.field(vecN, "R2")
	s.field(vecOut, "R3")
	s.f("ADD $%d, R0, R4", vecScale)
	s.broadcast("R4", scale)
	s.load("R1", 0, x)
	s.load("R1", 32, x+2)
	for i := range blocks * s.halves {
		s.zero(i)
	}
	s.f("PCALIGN $16")
	s.label("loop")
	for i := range blocks * s.halves {
		s.fma(i, x+i%s.halves, scale)
	}
	s.next("R2", "loop")
	s.store(0, "R3", 0)
	s.store(2, "R3", 32)
	s.f("RET")
}
