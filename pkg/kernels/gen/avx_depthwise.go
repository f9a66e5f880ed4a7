package main

import "fmt"

// depthwise emits one kernel. Registers: SI the list of row addresses, BX the
// weights, DX the output, R14 the start of its row, R11 tiles and R13 rows
// that are left.
func (s avx) depthwise(x filter) {
	rows := []string{"R8", "R9", "R10", "R12", "AX"}[:x.kernel]
	name := x.name(s.isa)
	s.function(name, "DepthwiseArgs")
	s.f("MOVQ %d(DI), SI", dwRowPtrs)
	s.f("MOVQ %d(DI), BX", dwW)
	s.f("MOVQ %d(DI), R14", dwOut)
	s.f("MOVQ %d(DI), R15", dwBias)
	s.f("MOVQ %d(DI), R13", dwOutRows)
	s.label(name + "_row")
	for i, r := range rows {
		s.f("MOVQ %d(SI), %s", i*8, r)
		s.f("ADDQ %d(DI), %s", dwColSkip, r)
	}
	s.f("MOVQ R14, DX")
	s.f("MOVQ %d(DI), R11", dwTiles)
	s.label(name + "_tile")
	s.depthwiseTile(x, rows, name)
	for _, r := range rows {
		s.f("ADDQ $%d, %s", x.cols*x.stride*blockBytes, r)
	}
	s.f("ADDQ $%d, DX", x.cols*blockBytes)
	s.f("DECQ R11")
	s.f("JNZ %s_tile", name)
	s.f("ADDQ $%d, SI", x.stride*8)
	s.f("ADDQ %d(DI), R14", dwOutStride)
	s.f("DECQ R13")
	s.f("JNZ %s_row", name)
	s.ret()
}

// depthwiseTile emits one tile, where a vector is half a block one half after
// the other: sums, a row of weights and some inputs stay in registers.
func (s avx) depthwiseTile(x filter, rows []string, name string) {
	for h := range s.halves {
		s.depthwiseSums(x, rows, h*s.bytes)
		s.depthwiseStore(x, fmt.Sprintf("%s_store%d", name, h), h*s.bytes)
	}
}

// depthwiseSums emits the sums of a vector of channels from byte part of a
// block on. Every input is loaded once for all taps; a sum takes its taps in
// order. Where a block takes two passes, those at stride 2 use inputs so little
// that the second fetches the next tile's.
func (s avx) depthwiseSums(x filter, rows []string, part int) {
	s.f("VMOVUPS %d(R15), %s", part, s.r(0))
	for c := 1; c < x.cols; c++ {
		s.f("VMOVAPS %s, %s", s.r(0), s.r(c))
	}
	weight := func(j int) string { return s.r(x.cols + j) }
	first := x.cols + x.kernel
	ahead := x.stride > 1 && part > 0
	for i, row := range rows {
		for j := range x.kernel {
			s.f("VMOVUPS %d(BX), %s", (i*x.kernel+j)*blockBytes+part, weight(j))
		}
		for n := range x.inputs() {
			in := s.r(first + n%(s.regs-first))
			s.f("VMOVUPS %d(%s), %s", n*blockBytes+part, row, in)
			if ahead && n >= x.kernel-x.stride {
				s.f("PREFETCHT0 %d(%s)", (n+x.cols*x.stride)*blockBytes, row)
			}
			for j := n % x.stride; j < x.kernel; j += x.stride {
				if c := (n - j) / x.stride; n >= j && c < x.cols {
					s.f("VFMADD231PS %s, %s, %s", in, weight(j), s.r(c))
				}
			}
		}
	}
}

func (s avx) depthwiseStore(x filter, label string, part int) {
	s.f("CMPQ %d(DI), $%d", dwAct, actReLU6)
	s.f("JNE %s", label)
	zero, six := s.r(x.cols), s.r(x.cols+1)
	s.clamps(zero, six)
	for c := range x.cols {
		s.relu6(s.r(c), zero, six)
	}
	s.label(label)
	for c := range x.cols {
		s.f("VMOVUPS %s, %d(DX)", s.r(c), c*blockBytes+part)
	}
}
