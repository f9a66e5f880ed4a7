package main

import "fmt"

func (s avx) gradients() {
	s.relu6Slope()
	s.siluSlope()
	for _, x := range s.filterGrads() {
		s.filterGrad(x)
	}
}

// relu6Slope keeps the gradient where 0 < y < 6.
func (s avx) relu6Slope() {
	name := "relu6Slope" + s.name
	s.function(name, "SlopeArgs")
	s.f("MOVQ %d(DI), AX", slopeD)
	s.f("MOVQ %d(DI), BX", slopeX)
	s.f("MOVQ %d(DI), CX", slopeN)
	zero, six := s.r(s.regs-2), s.r(s.regs-1)
	s.clamps(zero, six)
	s.label(name + "_loop")
	for h := range s.halves {
		s.f("VMOVUPS %d(BX), %s", h*s.bytes, s.r(h))
		if s.halves == 1 {
			s.f("VCMPPS $0x1e, %s, %s, K1", zero, s.r(h)) // y > 0
			s.f("VCMPPS $0x11, %s, %s, K1, K1", six, s.r(h))
			s.f("VMOVUPS.Z (AX), K1, %s", s.r(h))
		} else {
			s.f("VCMPPS $0x1e, %s, %s, %s", zero, s.r(h), s.r(2+h))
			s.f("VCMPPS $0x11, %s, %s, %s", six, s.r(h), s.r(h))
			s.f("VANDPS %s, %s, %s", s.r(2+h), s.r(h), s.r(h))
			s.f("VANDPS %d(AX), %s, %s", h*s.bytes, s.r(h), s.r(h))
		}
		s.f("VMOVUPS %s, %d(AX)", s.r(h), h*s.bytes)
	}
	s.f("ADDQ $%d, AX", blockBytes)
	s.f("ADDQ $%d, BX", blockBytes)
	s.f("DECQ CX")
	s.f("JNZ %s_loop", name)
	s.ret()
}

// siluSlope multiplies the gradient by s·(1 + x·(1−s)).
func (s avx) siluSlope() {
	name := "siluSlope" + s.name
	s.function(name, "SlopeArgs")
	s.f("MOVQ %d(DI), AX", slopeD)
	s.f("MOVQ %d(DI), BX", slopeX)
	s.f("MOVQ %d(DI), DX", slopeS)
	s.f("MOVQ %d(DI), CX", slopeN)
	one := s.r(s.regs - 1)
	s.constant(kOne, one)
	s.label(name + "_loop")
	for h := range s.halves {
		sigmoid, t := s.r(2*h), s.r(2*h+1)
		s.f("VMOVUPS %d(DX), %s", h*s.bytes, sigmoid)
		s.f("VSUBPS %s, %s, %s", sigmoid, one, t)
		s.f("VFMADD132PS %d(BX), %s, %s", h*s.bytes, one, t) // t·x + 1
		s.f("VMULPS %s, %s, %s", sigmoid, t, t)
		s.f("VMULPS %d(AX), %s, %s", h*s.bytes, t, t)
		s.f("VMOVUPS %s, %d(AX)", t, h*s.bytes)
	}
	for _, p := range []string{"AX", "BX", "DX"} {
		s.f("ADDQ $%d, %s", blockBytes, p)
	}
	s.f("DECQ CX")
	s.f("JNZ %s_loop", name)
	s.ret()
}

// filterGrad emits one kernel, a row of taps at a time. Registers: R12 the
// first tap of the row and R13 the bytes to the next, BX its sums in memory,
// SI its inputs for an output row, AX for a pixel, DX the gradient; R11 rows of
// taps, R9 rows and CX pixels that are left.
func (s avx) filterGrad(x filter) {
	name := x.gradName(s.isa)
	sum := func(j, h int) string { return s.r(j*s.halves + h) }
	grad := func(h int) string { return s.r(x.kernel*s.halves + h) }
	each := func(emit func(j, h int)) {
		for j := range x.kernel {
			for h := range s.halves {
				emit(j, h)
			}
		}
	}
	s.function(name, "FilterGradArgs")
	s.f("MOVQ %d(DI), R12", fgIn)
	s.f("MOVQ %d(DI), BX", fgOut)
	s.f("MOVQ %d(DI), R13", fgInRow)
	s.f("MOVQ %d(DI), R10", fgRowStep)
	s.f("MOVQ $%d, R11", x.kernel)
	s.label(name + "_taps")
	each(func(j, h int) { s.f("VMOVUPS %d(BX), %s", j*blockBytes+h*s.bytes, sum(j, h)) })
	s.f("MOVQ R12, SI")
	s.f("MOVQ %d(DI), DX", fgD)
	s.f("MOVQ %d(DI), R9", fgRows)
	s.label(name + "_row")
	s.f("MOVQ SI, AX")
	s.f("MOVQ %d(DI), CX", fgCols)
	s.label(name + "_pixel")
	for h := range s.halves {
		s.f("VMOVUPS %d(DX), %s", h*s.bytes, grad(h))
	}
	each(func(j, h int) {
		s.f("VFMADD231PS %d(AX), %s, %s", j*blockBytes+h*s.bytes, grad(h), sum(j, h))
	})
	s.f("ADDQ $%d, AX", x.stride*blockBytes)
	s.f("ADDQ $%d, DX", blockBytes)
	s.f("DECQ CX")
	s.f("JNZ %s_pixel", name)
	s.f("ADDQ R10, SI")
	s.f("DECQ R9")
	s.f("JNZ %s_row", name)
	each(func(j, h int) { s.f("VMOVUPS %s, %d(BX)", sum(j, h), j*blockBytes+h*s.bytes) })
	s.f("ADDQ $%d, BX", x.kernel*blockBytes)
	s.f("ADDQ R13, R12")
	s.f("DECQ R11")
	s.f("JNZ %s_taps", name)
	s.ret()
}

// gradName is the name of the kernel for the gradient of a filter's weights.
func (x filter) gradName(t isa) string {
	return fmt.Sprintf("filterGrad%dx%ds%d%s", x.kernel, x.kernel, x.stride, t.name)
}

// filterGrads lists the filters by kernel and stride.
func (t isa) filterGrads() []filter {
	var filters []filter
	for _, x := range t.filters() {
		if x.cols == 1 {
			filters = append(filters, x)
		}
	}
	return filters
}
