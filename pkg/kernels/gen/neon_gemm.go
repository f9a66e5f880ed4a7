package main

// gemm emits one matrix kernel. Registers: R1 the tile's A, R2 its C, R3 its
// residual or 0, R4 the stride of C, R5 rows and R6 tiles that are left, R7
// the weights, R8 the current four k of A, R9 the next of R10 runs, R14 the
// activation.
func (s neon) gemm(x tile) {
	s.function(x.name(s.isa), "GEMMArgs")
	s.field(gemmA, "R1")
	s.field(gemmC, "R2")
	s.field(gemmResidual, "R3")
	s.field(gemmCStride, "R4")
	s.field(gemmRows, "R5")
	s.field(gemmAct, "R14")
	s.label("row")
	s.field(gemmTiles, "R6")
	s.label("tile")
	s.gemmSums(x)
	s.gemmEpilogue(x)
	s.next("R6", "tile")
	s.gemmSiLU(x)
	s.field(gemmASkip, "R12")
	s.f("ADD R12, R1")
	s.field(gemmCSkip, "R12")
	s.f("ADD R12, R2")
	s.f("CBZ R3, rowend")
	s.f("ADD R12, R3")
	s.label("rowend")
	s.next("R5", "row")
	s.f("RET")
}

// tileVectors counts the vectors of a pixel of the tile.
func (s neon) tileVectors(x tile) int { return x.vecs * s.halves }

// sum is the register of pixel i and vector j of a tile.
func (s neon) sum(x tile, i, j int) int { return i*s.tileVectors(x) + j }

// gemmSums emits bias and products of one tile, four k at a time.
func (s neon) gemmSums(x tile) {
	vectors := s.tileVectors(x)
	s.field(gemmB, "R7")
	s.field(gemmBias, "R12")
	for j := 0; j < vectors; j += 2 {
		s.load("R12", j*s.bytes, s.sum(x, 0, j))
	}
	for i := 1; i < x.rows; i++ {
		for j := range vectors {
			s.copy(s.sum(x, 0, j), s.sum(x, i, j))
		}
	}
	s.field(gemmRuns, "R9")
	s.field(gemmNRuns, "R10")
	s.label("run")
	s.f("LDP.P 16(R9), (R8, R11)")
	s.f("ADD R1, R8")
	s.f("PCALIGN $16")
	s.label("k4")
	s.gemmSteps(x)
	s.advance("R8", 16)
	s.advance("R7", 4*vectors*s.bytes)
	s.next("R11", "k4")
	s.next("R10", "run")
}

// gemmSteps emits the products of four k: of each pixel one vector of inputs,
// whose lanes multiply the weights. Weights pass through the pairs of
// registers that are left, of which the tallest tile has one.
func (s neon) gemmSteps(x tile) {
	vectors := s.tileVectors(x)
	input := x.rows * vectors
	pair := input + x.rows
	pairs := min((s.regs-pair)/2, 4)
	for i := range x.rows {
		s.f("FMOVQ %d(R8), F%d", i*blockBytes, input+i)
	}
	for k := range 4 {
		for j := 0; j < vectors; j += 2 {
			n := k*vectors + j
			w := pair + n/2%pairs*2
			s.load("R7", n*s.bytes, w)
			for i := range x.rows {
				s.fmaLane(s.sum(x, i, j), w, input+i, k)
				s.fmaLane(s.sum(x, i, j+1), w+1, input+i, k)
			}
		}
	}
}

// outputs calls emit for each pair of a tile's sums with its offset from R12,
// which goes through the channel blocks from base on.
func (s neon) outputs(x tile, base string, emit func(sum, offset int)) {
	s.f("MOVD %s, R12", base)
	for b := range x.vecs {
		if b > 0 {
			s.f("ADD R4, R12")
		}
		for i := range x.rows {
			for h := 0; h < s.halves; h += 2 {
				emit(s.sum(x, i, b*s.halves+h), i*blockBytes+h*s.bytes)
			}
		}
	}
}

func (s neon) gemmEpilogue(x tile) {
	sums := x.rows * s.tileVectors(x)
	s.f("CMP $%d, R14", actReLU6)
	s.f("BNE linear")
	zero, six := s.regs-2, s.regs-1
	s.clamps(zero, six)
	for v := range sums {
		s.relu6(v, zero, six)
	}
	s.label("linear")
	s.f("CBZ R3, store")
	s.f("CMP $%d, R14", actSiLU)
	s.f("BEQ residual") // it is added after the activation
	spare := 0
	s.outputs(x, "R3", func(sum, offset int) {
		r := sums + spare%4*2
		spare++
		s.load("R12", offset, r)
		s.op(fadd, sum, sum, r)
		s.op(fadd, sum+1, sum+1, r+1)
	})
	s.label("residual")
	s.advance("R3", x.rows*blockBytes)
	s.label("store")
	s.outputs(x, "R2", func(sum, offset int) { s.store(sum, "R12", offset) })
	s.advance("R1", x.rows*blockBytes)
	s.advance("R2", x.rows*blockBytes)
}

// gemmSiLU emits the activation of a whole row of tiles while it is in L1,
// with all vector registers at its disposal, and the residual after it: R7
// bytes from R8 and R9 on, R10 channel blocks.
func (s neon) gemmSiLU(x tile) {
	s.f("CMP $%d, R14", actSiLU)
	s.f("BNE linearrow")
	s.field(gemmTiles, "R7")
	s.f("MOVD $%d, R12", x.rows*blockBytes)
	s.f("MUL R12, R7")
	s.f("SUB R7, R2, R8")
	s.f("SUB R7, R3, R9")
	s.f("MOVD $%d, R10", x.vecs)
	s.label("silu")
	s.f("MOVD R8, R12")
	s.f("MOVD R7, R13")
	s.f("CALL siluRow%s<>(SB)", s.name)
	s.f("CBZ R3, added")
	s.f("MOVD R8, R12")
	s.f("MOVD R9, R15")
	s.f("MOVD R7, R13")
	s.label("add")
	for h := 0; h < s.halves; h += 2 {
		s.load("R12", h*s.bytes, h)
		s.load("R15", h*s.bytes, s.halves+h)
	}
	for h := range s.halves {
		s.op(fadd, h, h, s.halves+h)
	}
	for h := 0; h < s.halves; h += 2 {
		s.store(h, "R12", h*s.bytes)
	}
	s.advance("R12", blockBytes)
	s.advance("R15", blockBytes)
	s.f("SUB $%d, R13", blockBytes)
	s.f("CBNZ R13, add")
	s.label("added")
	s.f("ADD R4, R8")
	s.f("ADD R4, R9")
	s.next("R10", "silu")
	s.label("linearrow")
}
