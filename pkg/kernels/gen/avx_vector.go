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
	group, body := 4, s.sigmoid512
	if s.halves == 2 {
		group, body = 2, s.sigmoid256
	}
	load := s.sigmoidConstants()
	s.f("SUBQ $%d, CX", group*s.bytes)
	s.f("JLT %s%s_tail", name, s.name)
	s.f("PCALIGN $32")
	s.label(fmt.Sprintf("%s%s_loop", name, s.name))
	body(group, load, times)
	s.f("ADDQ $%d, AX", group*s.bytes)
	s.f("SUBQ $%d, CX", group*s.bytes)
	s.f("JGE %s%s_loop", name, s.name)
	s.label(fmt.Sprintf("%s%s_tail", name, s.name))
	s.f("ADDQ $%d, CX", group*s.bytes)
	s.f("JZ %s%s_end", name, s.name)
	s.label(fmt.Sprintf("%s%s_one", name, s.name))
	body(1, load, times)
	s.f("ADDQ $%d, AX", s.bytes)
	s.f("SUBQ $%d, CX", s.bytes)
	s.f("JNZ %s%s_one", name, s.name)
	s.label(fmt.Sprintf("%s%s_end", name, s.name))
	s.f("RET")
}

// sigmoidConstants loads what the body keeps in registers, from the top down,
// the table of powers last, and tells where.
func (s avx) sigmoidConstants() map[int]string {
	wanted, table := []int{kOne, kNegLog2e, kSiluFloor, kSlope, kCurve, kSixteenths}, "exp2Sixteenths"
	if s.halves == 2 {
		wanted = []int{kOne, kNegLog2e, kSiluFloor, kSiluCeil, kEighths, kCubic1, kCubic2}
		table = "exp2Eighths"
	}
	regs := map[int]string{}
	for i, k := range wanted {
		regs[k] = s.r(s.regs - 1 - i)
		s.constant(k, regs[k])
	}
	s.f("VMOVUPS ·%s(SB), %s", table, s.r(s.regs-1-len(wanted)))
	return regs
}

// sigmoid512 emits n vectors: t = −log2e·x, its sixteenths pick from the
// table, VREDUCEPS leaves the rest, VSCALEFPS applies the integer part.
func (s avx) sigmoid512(n int, k map[int]string, times bool) {
	table := s.r(s.regs - 1 - len(k))
	x := func(i int) string { return s.r(4 * i) }
	t := func(i int) string { return s.r(4*i + 1) }
	j := func(i int) string { return s.r(4*i + 2) }
	p := func(i int) string { return s.r(4*i + 3) }
	each := func(emit func(i int)) {
		for i := range n {
			emit(i)
		}
	}
	each(func(i int) {
		s.f("VMOVUPS %d(AX), %s", i*s.bytes, x(i))
		s.f("VMAXPS %s, %s, %s", x(i), k[kSiluFloor], x(i))
	})
	each(func(i int) { s.f("VMULPS %s, %s, %s", k[kNegLog2e], x(i), t(i)) })
	each(func(i int) { s.f("VADDPS.RD_SAE %s, %s, %s", k[kSixteenths], t(i), j(i)) })
	each(func(i int) { s.f("VPERMPS %s, %s, %s", table, j(i), j(i)) })
	each(func(i int) { s.f("VSCALEFPS %s, %s, %s", t(i), j(i), j(i)) })
	each(func(i int) { s.f("VREDUCEPS $0x41, %s, %s", t(i), t(i)) })
	each(func(i int) { s.f("VMOVAPS %s, %s", k[kCurve], p(i)) })
	each(func(i int) { s.f("VFMADD213PS %s, %s, %s", k[kSlope], t(i), p(i)) })
	each(func(i int) { s.f("VFMADD213PS %s, %s, %s", k[kOne], t(i), p(i)) })
	each(func(i int) { s.f("VFMADD213PS %s, %s, %s", k[kOne], p(i), j(i)) })
	s.divide(n, k[kOne], x, j, times)
}

// sigmoid256 emits n vectors: t = −log2e·x is rounded to eighths, whose low three
// bits pick from the table and whose upper ones go to the exponent; the rest is
// for the polynomial.
func (s avx) sigmoid256(n int, k map[int]string, times bool) {
	table := s.r(s.regs - 1 - len(k))
	x := func(i int) string { return s.r(4 * i) }
	t := func(i int) string { return s.r(4*i + 1) }
	j := func(i int) string { return s.r(4*i + 2) }
	p := func(i int) string { return s.r(4*i + 3) }
	each := func(emit func(i int)) {
		for i := range n {
			emit(i)
		}
	}
	each(func(i int) { s.f("VMAXPS %d(AX), %s, %s", i*s.bytes, k[kSiluFloor], x(i)) })
	each(func(i int) { s.f("VMINPS %s, %s, %s", x(i), k[kSiluCeil], t(i)) })
	each(func(i int) { s.f("VMOVAPS %s, %s", k[kEighths], j(i)) })
	each(func(i int) { s.f("VFMADD231PS %s, %s, %s", k[kNegLog2e], t(i), j(i)) })
	each(func(i int) { s.f("VSUBPS %s, %s, %s", k[kEighths], j(i), p(i)) })
	each(func(i int) { s.f("VFMSUB132PS %s, %s, %s", k[kNegLog2e], p(i), t(i)) })
	each(func(i int) { s.f("VPERMPS %s, %s, %s", table, j(i), p(i)) })
	each(func(i int) { s.f("VPSLLD $%d, %s, %s", eighthBits, j(i), j(i)) })
	each(func(i int) { s.f("VPADDD %s, %s, %s", p(i), j(i), j(i)) })
	each(func(i int) { s.constant(kCubic3, p(i)) })
	each(func(i int) { s.f("VFMADD213PS %s, %s, %s", k[kCubic2], t(i), p(i)) })
	each(func(i int) { s.f("VFMADD213PS %s, %s, %s", k[kCubic1], t(i), p(i)) })
	each(func(i int) { s.f("VFMADD213PS %s, %s, %s", k[kOne], t(i), p(i)) })
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
