package main

// depthwise emits one kernel. Registers: R1 the list of row addresses, R2 the
// weights, R3 the bias, R4 the start of the output row, R5 the output, R6 tiles
// and R7 rows that are left, R8 to R12 input rows, R13 halves that are left,
// R14 the activation.
//
// A tile goes through its sixteen channels by halves: a pair of registers a
// pixel leaves room for the weights of a row of taps, so that an input is
// loaded once for all taps that it meets.
func (s neon) depthwise(x filter) {
	rows := []string{"R8", "R9", "R10", "R11", "R12"}[:x.kernel]
	s.function(x.name(s.isa), "DepthwiseArgs")
	s.field(dwRowPtrs, "R1")
	s.field(dwW, "R2")
	s.field(dwBias, "R3")
	s.field(dwOut, "R4")
	s.field(dwOutRows, "R7")
	s.field(dwAct, "R14")
	s.label("row")
	s.field(dwColSkip, "R13")
	for i, r := range rows {
		s.f("MOVD %d(R1), %s", i*8, r)
		s.f("ADD R13, %s", r)
	}
	s.f("MOVD R4, R5")
	s.field(dwTiles, "R6")
	s.label("tile")
	s.f("MOVD $2, R13")
	s.label("half")
	s.depthwiseHalf(x, rows)
	for _, p := range append([]string{"R2", "R3", "R5"}, rows...) {
		s.advance(p, blockBytes/2)
	}
	s.next("R13", "half")
	s.advance("R2", -blockBytes)
	s.advance("R3", -blockBytes)
	s.advance("R5", (x.cols-1)*blockBytes)
	for _, r := range rows {
		s.advance(r, (x.cols*x.stride-1)*blockBytes)
	}
	s.next("R6", "tile")
	s.advance("R1", x.stride*8)
	s.field(dwOutStride, "R13")
	s.f("ADD R13, R4")
	s.next("R7", "row")
	s.f("RET")
}

// depthwiseHalf emits eight channels of a tile. Inputs come in the order of
// columns, so each sum meets its taps in theirs.
func (s neon) depthwiseHalf(x filter, rows []string) {
	sum := func(c int) int { return 2 * c }
	weight := func(j int) int { return 2 * (x.cols + j) }
	free := weight(x.kernel)
	pairs := min((s.regs-free)/2, 4)
	s.load("R3", 0, sum(0))
	for c := 1; c < x.cols; c++ {
		s.copy(sum(0), sum(c))
		s.copy(sum(0)+1, sum(c)+1)
	}
	s.f("MOVD R2, R15")
	for i, row := range rows {
		for j := range x.kernel {
			s.load("R15", j*blockBytes, weight(j))
		}
		if i < len(rows)-1 {
			s.advance("R15", x.kernel*blockBytes)
		}
		for p := range x.inputs() {
			in := free + p%pairs*2
			s.load(row, p*blockBytes, in)
			for c := range x.cols {
				if j := p - c*x.stride; j >= 0 && j < x.kernel {
					s.fma(sum(c), in, weight(j))
					s.fma(sum(c)+1, in+1, weight(j)+1)
				}
			}
		}
	}
	s.f("CMP $%d, R14", actReLU6)
	s.f("BNE store")
	zero, six := free, free+1
	s.f("MOVD $·constants+%d(SB), R15", kSix*4)
	s.zero(zero)
	s.broadcast("R15", six)
	for c := range x.cols {
		s.relu6(sum(c), zero, six)
		s.relu6(sum(c)+1, zero, six)
	}
	s.label("store")
	for c := range x.cols {
		s.store(sum(c), "R5", c*blockBytes)
	}
}
