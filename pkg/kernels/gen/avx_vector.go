package main

import "fmt"

func (s avx) constant(k int, reg string) {
	s.f("VBROADCASTSS ·constants+%d(SB), %s", k*4, reg)
}

func (s avx) clamps(zero, six string) {
	s.f("VXORPS %s, %s, %s", zero, zero, zero)
	s.constant(kSix, six)
}

// relu6 keeps NaN: where an operand is NaN, max and min give the second
// source, which is the first in Go's order.
func (s avx) relu6(x, zero, six string) {
	s.f("VMAXPS %s, %s, %s", x, zero, x)
	s.f("VMINPS %s, %s, %s", x, six, x)
}

func (s avx) vectors() {
	s.sigmoidBody("siluRow", true)
	s.sigmoidBody("sigmoidRow", false)
	for _, name := range []string{"silu", "sigmoid"} {
		s.function(name+s.name, "VectorArgs")
		s.f("MOVQ %d(DI), AX", vecX)
		s.f("MOVQ %d(DI), CX", vecN)
		s.f("SHLQ $6, CX")
		s.f("CALL %sRow%s<>(SB)", name, s.name)
		s.ret()
	}
	s.sumKernel()
	s.scaleKernel()
	s.scaleRowsKernel()
	s.addKernel()
	s.spinKernel()
}

// sigmoidBody emits a function for assembly callers: CX bytes at AX, a
// positive multiple of a channel block; it changes AX, CX and every vector
// register.
func (s avx) sigmoidBody(name string, times bool) {
	fmt.Fprintf(s, "\n// %s%s<> works in place on CX bytes at AX.\nTEXT %s%s<>(SB), NOSPLIT, $0-0\n", name, s.name, name, s.name)
	group := s.regs / 8 // four registers a vector leave half of all to constants
	powers := s.powers()
	load := s.sigmoidConstants(powers)
	s.f("SUBQ $%d, CX", group*s.bytes)
	s.f("JLT %s%s_tail", name, s.name)
	s.f("PCALIGN $32")
	s.label(fmt.Sprintf("%s%s_loop", name, s.name))
	s.sigmoid(group, powers, load, times)
	s.f("ADDQ $%d, AX", group*s.bytes)
	s.f("SUBQ $%d, CX", group*s.bytes)
	s.f("JGE %s%s_loop", name, s.name)
	s.label(fmt.Sprintf("%s%s_tail", name, s.name))
	s.f("ADDQ $%d, CX", group*s.bytes)
	s.f("JZ %s%s_end", name, s.name)
	s.label(fmt.Sprintf("%s%s_one", name, s.name))
	s.sigmoid(1, powers, load, times)
	s.f("ADDQ $%d, AX", s.bytes)
	s.f("SUBQ $%d, CX", s.bytes)
	s.f("JNZ %s%s_one", name, s.name)
	s.label(fmt.Sprintf("%s%s_end", name, s.name))
	s.f("RET")
}

// powers is how a tier finds 2^t: see constants.go.
type powers struct {
	fraction    int // bits of a table's index
	table       string
	round       int // the constant that rounds to multiples of the table's step
	shift, rest int // constants of the polynomial
	slope       int // likewise where it is a cubic one, else 0
}

func (s avx) powers() powers {
	if s.halves == 1 {
		return powers{fraction: 4, table: "exp2Sixteenths", round: kSixteenths, shift: kSquareShift, rest: kSquareRest}
	}
	return powers{fraction: 3, table: "exp2Eighths", round: kEighths, shift: kCubeShift, rest: kCubeRest, slope: kCubeSlope}
}

// sigmoidConstants loads what the body keeps in registers, from the top down,
// the table of powers last, and tells where.
func (s avx) sigmoidConstants(w powers) map[int]string {
	wanted := []int{kOne, kNegLog2e, kSiluFloor, kSiluCeil, w.round, w.shift, w.rest}
	regs := map[int]string{}
	for i, k := range wanted {
		regs[k] = s.r(s.regs - 1 - i)
		s.constant(k, regs[k])
	}
	s.f("VMOVUPS ·%s(SB), %s", w.table, s.r(s.regs-1-len(wanted)))
	return regs
}

// sigmoid emits n vectors. t = −log2e·x is rounded to j, multiples of the
// table's step, whose low bits pick from the table and whose upper ones go to
// the exponent; u is what is left, shifted. The units that multiply and those
// that add have as much to do.
func (s avx) sigmoid(n int, w powers, k map[int]string, times bool) {
	table := s.r(s.regs - 1 - len(k))
	x := func(i int) string { return s.r(4 * i) }
	u := func(i int) string { return s.r(4*i + 1) }
	j := func(i int) string { return s.r(4*i + 2) }
	p := func(i int) string { return s.r(4*i + 3) }
	each := func(emit func(i int)) {
		for i := range n {
			emit(i)
		}
	}
	each(func(i int) { s.f("VMAXPS %d(AX), %s, %s", i*s.bytes, k[kSiluFloor], x(i)) })
	each(func(i int) { s.f("VMINPS %s, %s, %s", x(i), k[kSiluCeil], u(i)) })
	each(func(i int) { s.f("VMOVAPS %s, %s", k[w.round], j(i)) })
	each(func(i int) { s.f("VFMADD231PS %s, %s, %s", k[kNegLog2e], u(i), j(i)) })
	each(func(i int) { s.f("VFMADD213PS %s, %s, %s", k[w.shift], k[kNegLog2e], u(i)) })
	each(func(i int) { s.f("VSUBPS %s, %s, %s", k[w.round], j(i), p(i)) })
	each(func(i int) { s.f("VSUBPS %s, %s, %s", p(i), u(i), u(i)) })
	each(func(i int) { s.f("VPERMPS %s, %s, %s", table, j(i), p(i)) })
	each(func(i int) { s.f("VPSLLD $%d, %s, %s", 23-w.fraction, j(i), j(i)) })
	each(func(i int) { s.f("VPADDD %s, %s, %s", p(i), j(i), j(i)) })
	if w.slope == 0 {
		each(func(i int) { s.f("VMOVAPS %s, %s", k[w.rest], p(i)) })
		each(func(i int) { s.f("VFMADD231PS %s, %s, %s", u(i), u(i), p(i)) })
	} else {
		each(func(i int) { s.constant(w.slope, p(i)) })
		each(func(i int) { s.f("VFMADD231PS %s, %s, %s", u(i), u(i), p(i)) })
		each(func(i int) { s.f("VFMADD213PS %s, %s, %s", k[w.rest], u(i), p(i)) })
	}
	each(func(i int) { s.f("VFMADD213PS %s, %s, %s", k[kOne], p(i), j(i)) })
	s.divide(n, k[kOne], x, j, times)
}

func (s avx) divide(n int, one string, x, d func(int) string, times bool) {
	for i := range n {
		numerator := one
		if times {
			numerator = x(i)
		}
		s.f("VDIVPS %s, %s, %s", d(i), numerator, x(i))
	}
	for i := range n {
		s.f("VMOVUPS %s, %d(AX)", x(i), i*s.bytes)
	}
}

// sumKernel keeps four running sums, as sumPortable says.
func (s avx) sumKernel() {
	name := "sum" + s.name
	sum := func(l, h int) string { return s.r(l*s.halves + h) }
	s.function(name, "VectorArgs")
	s.f("MOVQ %d(DI), AX", vecX)
	s.f("MOVQ %d(DI), CX", vecN)
	s.f("MOVQ %d(DI), DX", vecOut)
	for i := range sumLanes * s.halves {
		s.f("VXORPS %s, %s, %s", s.r(i), s.r(i), s.r(i))
	}
	add := func(l int) {
		for h := range s.halves {
			s.f("VADDPS %d(AX), %s, %s", l*blockBytes+h*s.bytes, sum(l, h), sum(l, h))
		}
	}
	s.label(name + "_loop")
	s.f("CMPQ CX, $%d", sumLanes)
	s.f("JLT %s_tail", name)
	for l := range sumLanes {
		add(l)
	}
	s.f("ADDQ $%d, AX", sumLanes*blockBytes)
	s.f("SUBQ $%d, CX", sumLanes)
	s.f("JMP %s_loop", name)
	s.label(name + "_tail")
	for l := range sumLanes - 1 {
		s.f("CMPQ CX, $%d", l+1)
		s.f("JLT %s_add", name)
		add(l)
	}
	s.label(name + "_add")
	scale := s.r(sumLanes * s.halves)
	s.f("VBROADCASTSS %d(DI), %s", vecScale, scale)
	for h := range s.halves {
		s.f("VADDPS %s, %s, %s", sum(1, h), sum(0, h), sum(0, h))
		s.f("VADDPS %s, %s, %s", sum(3, h), sum(2, h), sum(2, h))
		s.f("VADDPS %s, %s, %s", sum(2, h), sum(0, h), sum(0, h))
		s.f("VMULPS %s, %s, %s", scale, sum(0, h), sum(0, h))
		s.f("VMOVUPS %s, %d(DX)", sum(0, h), h*s.bytes)
	}
	s.ret()
}

func (s avx) scaleKernel() {
	name := "scale" + s.name
	s.function(name, "VectorArgs")
	s.f("MOVQ %d(DI), AX", vecX)
	s.f("MOVQ %d(DI), CX", vecN)
	s.f("MOVQ %d(DI), DX", vecOut)
	for h := range s.halves {
		s.f("VMOVUPS %d(DX), %s", h*s.bytes, s.r(h))
	}
	s.label(name + "_loop")
	for h := range s.halves {
		s.f("VMULPS %d(AX), %s, %s", h*s.bytes, s.r(h), s.r(2+h))
		s.f("VMOVUPS %s, %d(AX)", s.r(2+h), h*s.bytes)
	}
	s.f("ADDQ $%d, AX", blockBytes)
	s.f("DECQ CX")
	s.f("JNZ %s_loop", name)
	s.ret()
}

func (s avx) addKernel() {
	name := "add" + s.name
	s.function(name, "VectorArgs")
	s.f("MOVQ %d(DI), AX", vecX)
	s.f("MOVQ %d(DI), CX", vecN)
	s.f("MOVQ %d(DI), DX", vecOut)
	s.label(name + "_loop")
	for h := range s.halves {
		s.f("VMOVUPS %d(AX), %s", h*s.bytes, s.r(h))
		s.f("VADDPS %d(DX), %s, %s", h*s.bytes, s.r(h), s.r(h))
		s.f("VMOVUPS %s, %d(AX)", s.r(h), h*s.bytes)
	}
	s.f("ADDQ $%d, AX", blockBytes)
	s.f("ADDQ $%d, DX", blockBytes)
	s.f("DECQ CX")
	s.f("JNZ %s_loop", name)
	s.ret()
}

func (s avx) scaleRowsKernel() {
	name := "scaleRows" + s.name
	s.function(name, "ScaleRowsArgs")
	s.f("MOVQ %d(DI), R8", rowsDst)
	s.f("MOVQ %d(DI), SI", rowsSrc)
	s.f("MOVQ %d(DI), DX", rowsFactors)
	s.f("MOVQ %d(DI), R13", rowsN)
	s.label(name + "_row")
	s.f("VBROADCASTSS (DX), %s", s.r(0))
	s.f("MOVQ %d(DI), CX", rowsVecs)
	s.label(name + "_vec")
	for h := range s.halves {
		s.f("VMULPS %d(SI), %s, %s", h*s.bytes, s.r(0), s.r(1+h))
		s.f("VMOVUPS %s, %d(R8)", s.r(1+h), h*s.bytes)
	}
	s.f("ADDQ $%d, SI", blockBytes)
	s.f("ADDQ $%d, R8", blockBytes)
	s.f("DECQ CX")
	s.f("JNZ %s_vec", name)
	s.f("ADDQ $4, DX")
	s.f("DECQ R13")
	s.f("JNZ %s_row", name)
	s.ret()
}

// spinKernel keeps x in the last registers and the scale before them.
func (s avx) spinKernel() {
	name := "spin" + s.name
	blocks := s.spinBlocks()
	x := func(h int) string { return s.r(s.regs - 1 - h) }
	scale := s.r(s.regs - 1 - s.halves)
	s.function(name, "VectorArgs")
	s.f("MOVQ %d(DI), AX", vecX)
	s.f("MOVQ %d(DI), CX", vecN)
	s.f("MOVQ %d(DI), DX", vecOut)
	s.f("VBROADCASTSS %d(DI), %s", vecScale, scale)
	for h := range s.halves {
		s.f("VMOVUPS %d(AX), %s", h*s.bytes, x(h))
	}
	for i := range blocks * s.halves {
		s.f("VXORPS %s, %s, %s", s.r(i), s.r(i), s.r(i))
	}
	s.f("PCALIGN $32")
	s.label(name + "_loop")
	for i := range blocks * s.halves {
		s.f("VFMADD231PS %s, %s, %s", x(i%s.halves), scale, s.r(i))
	}
	s.f("DECQ CX")
	s.f("JNZ %s_loop", name)
	for h := range s.halves {
		s.f("VMOVUPS %s, %d(DX)", s.r(h), h*s.bytes)
	}
	s.ret()
}
