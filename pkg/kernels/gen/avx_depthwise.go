package main

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

func (s avx) depthwiseTile(x filter, rows []string, name string) {
	sum := func(c, h int) string { return s.r(c*s.halves + h) }
	each := func(emit func(c, h int)) {
		for c := range x.cols {
			for h := range s.halves {
				emit(c, h)
			}
		}
	}
	for h := range s.halves {
		s.f("VMOVUPS %d(R15), %s", h*s.bytes, sum(0, h))
		for c := 1; c < x.cols; c++ {
			s.f("VMOVAPS %s, %s", sum(0, h), sum(c, h))
		}
	}
	spare := x.cols * s.halves
	for i, row := range rows {
		for j := range x.kernel {
			for h := range s.halves {
				s.f("VMOVUPS %d(BX), %s", (i*x.kernel+j)*blockBytes+h*s.bytes, s.r(spare+h))
			}
			each(func(c, h int) {
				s.f("VFMADD231PS %d(%s), %s, %s", (c*x.stride+j)*blockBytes+h*s.bytes, row, s.r(spare+h), sum(c, h))
			})
		}
	}
	s.f("CMPQ %d(DI), $%d", dwAct, actReLU6)
	s.f("JNE %s_store", name)
	zero, six := s.r(spare), s.r(spare+1)
	s.clamps(zero, six)
	each(func(c, h int) { s.relu6(sum(c, h), zero, six) })
	s.label(name + "_store")
	each(func(c, h int) { s.f("VMOVUPS %s, %d(DX)", sum(c, h), c*blockBytes+h*s.bytes) })
}
