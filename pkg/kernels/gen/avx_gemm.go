package main

import "fmt"

// gemm emits one matrix kernel. Registers: SI the tile's A, R8 its C, R12 its
// residual or 0, R10 the stride of C, R9 the next of R15 runs, BX the weights,
// DX the current four k of A, R13 rows and R11 tiles that are left.
func (s avx) gemm(x tile) {
	name := x.name(s.isa)
	s.function(name, "GEMMArgs")
	s.f("MOVQ %d(DI), SI", gemmA)
	s.f("MOVQ %d(DI), R8", gemmC)
	s.f("MOVQ %d(DI), R12", gemmResidual)
	s.f("MOVQ %d(DI), R10", gemmCStride)
	s.f("MOVQ %d(DI), R13", gemmRows)
	s.label(name + "_row")
	s.f("MOVQ %d(DI), R11", gemmTiles)
	s.label(name + "_tile")
	s.gemmSums(x, name)
	s.gemmEpilogue(x, name)
	s.f("DECQ R11")
	s.f("JNZ %s_tile", name)
	s.gemmSiLU(x, name)
	s.f("ADDQ %d(DI), SI", gemmASkip)
	s.f("ADDQ %d(DI), R8", gemmCSkip)
	s.f("TESTQ R12, R12")
	s.f("JZ %s_next", name)
	s.f("ADDQ %d(DI), R12", gemmCSkip)
	s.label(name + "_next")
	s.f("DECQ R13")
	s.f("JNZ %s_row", name)
	s.ret()
}

// width is how many vectors of sums a pixel of the tile has.
func (s avx) width(x tile) int {
	n := x.vecs * s.halves
	if x.half && s.halves == 2 {
		n--
	}
	return n
}

// sum is the register of pixel i and vector j of a tile, those of a half
// block's padding last.
func (s avx) sum(x tile, i, j int) int {
	width := s.width(x)
	if j == width {
		return x.rows*width + i
	}
	return i*width + j
}

// gemmSums emits bias and products of one tile, four k at a time.
func (s avx) gemmSums(x tile, name string) {
	vectors := s.width(x)
	s.f("MOVQ %d(DI), BX", gemmB)
	s.f("MOVQ %d(DI), DX", gemmBias)
	for j := range vectors {
		s.f("VMOVUPS %d(DX), %s", j*s.bytes, s.r(s.sum(x, 0, j)))
		for i := 1; i < x.rows; i++ {
			s.f("VMOVAPS %s, %s", s.r(s.sum(x, 0, j)), s.r(s.sum(x, i, j)))
		}
	}
	s.f("MOVQ %d(DI), R9", gemmRuns)
	s.f("MOVQ %d(DI), R15", gemmNRuns)
	s.label(name + "_run")
	s.f("MOVQ (R9), DX")
	s.f("ADDQ SI, DX")
	s.f("MOVQ 8(R9), CX")
	// The inputs of the next run are elsewhere, where no processor looks for
	// them. A branch here would set Go's assembler, which aligns k4, at odds
	// with itself.
	s.f("MOVQ R9, AX")
	s.f("ADDQ $16, R9")
	s.f("CMPQ R15, $1")
	s.f("CMOVQNE R9, AX")
	s.f("MOVQ (AX), AX")
	s.f("ADDQ SI, AX")
	for i := range x.rows {
		s.f("PREFETCHT0 %d(AX)", i*blockBytes)
	}
	s.f("PCALIGN $32")
	s.label(name + "_k4")
	for k := range 4 {
		s.gemmStep(x, k)
	}
	s.f("ADDQ $16, DX")
	s.f("ADDQ $%d, BX", 4*x.vecs*blockBytes)
	s.f("DECQ CX")
	s.f("JNZ %s_k4", name)
	s.f("DECQ R15")
	s.f("JNZ %s_run", name)
}

// gemmStep emits the products of one k. Two loads per multiply-add are the
// most a core sustains, so a row of weights and a broadcast stay in registers;
// where the sums take all but four, the last vector of weights is a memory
// operand. A 512-bit broadcast to a register for every multiply-add would cost
// more than that; as an operand it is free, so that tiles of one vector have all
// inputs as operands, and those of one and a half every other one.
func (s avx) gemmStep(x tile, k int) {
	vectors := s.width(x)
	weight := func(j int) string { return fmt.Sprintf("%d(BX)", k*x.vecs*blockBytes+j*s.bytes) }
	first := s.sum(x, x.rows, 0) // first register that is no sum
	if vectors == 1 {
		w := s.r(first + k)
		s.f("VMOVUPS %s, %s", weight(0), w)
		for i := range x.rows {
			s.f("VFMADD231PS.BCST %d(DX), %s, %s", i*blockBytes+k*4, w, s.r(s.sum(x, i, 0)))
		}
		return
	}
	// reg is the part of a register that vector j fills.
	reg := func(i, j int) string {
		if x.half && s.halves == 1 && j == vectors-1 {
			return fmt.Sprintf("Y%d", i)
		}
		return s.r(i)
	}
	held := min(vectors, s.regs-first-1)
	for j := range held {
		s.f("VMOVUPS %s, %s", weight(j), reg(first+j, j))
	}
	spare := s.regs - first - held
	for i := range x.rows {
		if x.half && s.halves == 1 && vectors == 2 && i%2 == 0 {
			for j := range vectors {
				s.f("VFMADD231PS.BCST %d(DX), %s, %s", i*blockBytes+k*4, reg(first+j, j), reg(s.sum(x, i, j), j))
			}
			continue
		}
		in := first + held + i%min(spare, 4)
		s.f("VBROADCASTSS %d(DX), %s", i*blockBytes+k*4, s.r(in))
		for j := range vectors {
			w := weight(j)
			if j < held {
				w = reg(first+j, j)
			}
			s.f("VFMADD231PS %s, %s, %s", w, reg(in, j), reg(s.sum(x, i, j), j))
		}
	}
}

// output is the address of pixel i and vector j relative to a tile's start in
// C (base R8) or in the residual (base R12); AX holds three times R10.
func (s avx) output(base string, i, j int) string {
	index := []string{"", "(R10*1)", "(R10*2)", "(AX*1)"}[j/s.halves]
	return fmt.Sprintf("%d(%s)%s", i*blockBytes+j%s.halves*s.bytes, base, index)
}

func (s avx) gemmEpilogue(x tile, name string) {
	each := func(emit func(i, j int)) {
		for j := range x.vecs * s.halves {
			for i := range x.rows {
				emit(i, j)
			}
		}
	}
	for i := range x.rows {
		if s.width(x) < x.vecs*s.halves {
			pad := s.r(s.sum(x, i, s.width(x)))
			s.f("VXORPS %s, %s, %s", pad, pad, pad)
		}
	}
	s.f("LEAQ (R10)(R10*2), AX")
	s.f("CMPQ %d(DI), $%d", gemmAct, actReLU6)
	s.f("JNE %s_linear", name)
	zero, six := s.r(s.regs-2), s.r(s.regs-1)
	s.clamps(zero, six)
	each(func(i, j int) { s.relu6(s.r(s.sum(x, i, j)), zero, six) })
	s.label(name + "_linear")
	s.f("TESTQ R12, R12")
	s.f("JZ %s_store", name)
	s.f("CMPQ %d(DI), $%d", gemmAct, actSiLU)
	s.f("JEQ %s_residual", name) // it is added after the activation
	each(func(i, j int) {
		s.f("VADDPS %s, %s, %s", s.output("R12", i, j), s.r(s.sum(x, i, j)), s.r(s.sum(x, i, j)))
	})
	s.label(name + "_residual")
	s.f("ADDQ $%d, R12", x.rows*blockBytes)
	s.label(name + "_store")
	each(func(i, j int) { s.f("VMOVUPS %s, %s", s.r(s.sum(x, i, j)), s.output("R8", i, j)) })
	s.f("ADDQ $%d, SI", x.rows*blockBytes)
	s.f("ADDQ $%d, R8", x.rows*blockBytes)
}

// gemmSiLU emits the activation of a whole row of tiles while it is in L1,
// with all vector registers at its disposal, and the residual after it.
func (s avx) gemmSiLU(x tile, name string) {
	s.f("CMPQ %d(DI), $%d", gemmAct, actSiLU)
	s.f("JNE %s_rowend", name)
	s.f("MOVQ %d(DI), BX", gemmTiles)
	s.f("IMULQ $%d, BX", x.rows*blockBytes)
	s.f("MOVQ R8, DX")
	s.f("SUBQ BX, DX")
	s.f("MOVQ R12, R9")
	s.f("SUBQ BX, R9")
	s.f("MOVQ $%d, R11", x.vecs)
	s.label(name + "_silu")
	s.f("MOVQ DX, AX")
	s.f("MOVQ BX, CX")
	s.f("CALL siluRow%s<>(SB)", s.name)
	s.f("TESTQ R12, R12")
	s.f("JZ %s_added", name)
	s.f("MOVQ BX, CX")
	s.label(name + "_add")
	s.f("VMOVUPS -%d(DX)(CX*1), %s", s.bytes, s.r(0))
	s.f("VADDPS -%d(R9)(CX*1), %s, %s", s.bytes, s.r(0), s.r(0))
	s.f("VMOVUPS %s, -%d(DX)(CX*1)", s.r(0), s.bytes)
	s.f("SUBQ $%d, CX", s.bytes)
	s.f("JNZ %s_add", name)
	s.label(name + "_added")
	s.f("ADDQ R10, DX")
	s.f("ADDQ R10, R9")
	s.f("DECQ R11")
	s.f("JNZ %s_silu", name)
	s.label(name + "_rowend")
}
