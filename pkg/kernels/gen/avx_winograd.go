package main

import "fmt"

func (s avx) winograd() {
	s.winogradInput()
	s.winogradOutput()
}

// winogradStart loads the arguments: SI the input, DX the output, CX the tiles
// that are left, R8 the stride of points, R9 three and R10 five times that.
func (s avx) winogradStart(name string) {
	s.function(name, "WinogradArgs")
	s.f("MOVQ %d(DI), SI", winoIn)
	s.f("MOVQ %d(DI), DX", winoOut)
	s.f("MOVQ %d(DI), R8", winoStride)
	s.f("MOVQ %d(DI), CX", winoTiles)
	s.f("LEAQ (R8)(R8*2), R9")
	s.f("LEAQ (R8)(R8*4), R10")
}

// point is the address of point p of the tile at base.
func (s avx) point(base string, p, offset int) string {
	index := []string{"", "(R8*1)", "(R8*2)", "(R9*1)", "(R8*4)", "(R10*1)"}[p]
	return fmt.Sprintf("%d(%s)%s", offset, base, index)
}

// held loads constants into the registers from the top down.
func (s avx) held(constants ...int) map[int]string {
	regs := map[int]string{}
	for i, k := range constants {
		regs[k] = s.r(s.regs - 1 - i)
		s.constant(k, regs[k])
	}
	return regs
}

// add, sub, fma and fnma emit d = a+b, d = a−b, d += a·b and d −= a·b.
func (s avx) add(d, a, b int) { s.f("VADDPS %s, %s, %s", s.r(b), s.r(a), s.r(d)) }
func (s avx) sub(d, a, b int) { s.f("VSUBPS %s, %s, %s", s.r(b), s.r(a), s.r(d)) }

func (s avx) fma(d, a int, b string)  { s.f("VFMADD231PS %s, %s, %s", s.r(a), b, s.r(d)) }
func (s avx) fnma(d, a int, b string) { s.f("VFNMADD231PS %s, %s, %s", s.r(a), b, s.r(d)) }

func (s avx) winogradInput() {
	name := "winogradInput" + s.name
	s.winogradStart(name)
	k := s.held(kThreeHalfs, kTwo, kHalf)
	s.label(name + "_tile")
	const e, f, v, w = 6, 7, 8, 9 // registers 0 to 5 hold the pixels
	for h := range s.halves {
		store := func(reg, p int) { s.f("VMOVUPS %s, %s", s.r(reg), s.point("DX", p, h*s.bytes)) }
		for i := range winoPoints {
			s.f("VMOVUPS %d(SI), %s", i*blockBytes+h*s.bytes, s.r(i))
		}
		s.sub(e, 4, 2)
		s.sub(f, 3, 1)
		s.sub(v, 0, 2)
		s.add(v, v, e)
		s.fma(v, f, k[kThreeHalfs])
		store(v, 0)
		s.add(v, e, f)
		s.add(w, 2, 3)
		s.fma(v, w, k[kThreeHalfs])
		store(v, 1)
		s.sub(v, e, f)
		s.sub(w, 3, 2)
		s.fma(v, w, k[kThreeHalfs])
		store(v, 2)
		s.f("VMOVAPS %s, %s", s.r(e), s.r(v))
		s.fma(v, f, k[kTwo])
		store(v, 3)
		s.f("VMOVAPS %s, %s", s.r(e), s.r(v))
		s.fnma(v, f, k[kHalf])
		store(v, 4)
		s.sub(v, 5, 3)
		s.sub(v, v, f)
		s.fma(v, e, k[kThreeHalfs])
		store(v, 5)
	}
	s.f("ADDQ $%d, SI", winoTile*blockBytes)
	s.f("ADDQ $%d, DX", blockBytes)
	s.f("DECQ CX")
	s.f("JNZ %s_tile", name)
	s.ret()
}

func (s avx) winogradOutput() {
	name := "winogradOutput" + s.name
	s.winogradStart(name)
	k := s.held(kHalf, kTwo, kQuarter, kFour, kEighth, kEight)
	s.f("MOVQ %d(DI), R11", winoAct)
	s.label(name + "_tile")
	const y2, y3, zero, six = 6, 7, 4, 5 // registers 0 to 5 hold the points
	for h := range s.halves {
		for p := range winoPoints {
			s.f("VMOVUPS %s, %s", s.point("SI", p, h*s.bytes), s.r(p))
		}
		s.add(y2, 1, 2)
		s.sub(y3, 1, 2)
		s.add(0, 0, y2)
		s.add(1, 3, 4)
		s.add(0, 0, 1)
		s.f("VMOVAPS %s, %s", s.r(y3), s.r(1))
		s.fma(1, 3, k[kHalf])
		s.fnma(1, 4, k[kTwo])
		s.fma(y2, 3, k[kQuarter])
		s.fma(y2, 4, k[kFour])
		s.add(y3, y3, 5)
		s.fma(y3, 3, k[kEighth])
		s.fnma(y3, 4, k[kEight])
		outputs := []int{0, 1, y2, y3}
		s.f("CMPQ R11, $%d", actReLU6)
		s.f("JNE %s_store%d", name, h)
		s.clamps(s.r(zero), s.r(six))
		for _, y := range outputs {
			s.relu6(s.r(y), s.r(zero), s.r(six))
		}
		s.label(fmt.Sprintf("%s_store%d", name, h))
		for i, y := range outputs {
			s.f("VMOVUPS %s, %d(DX)", s.r(y), i*blockBytes+h*s.bytes)
		}
	}
	s.f("ADDQ $%d, SI", blockBytes)
	s.f("ADDQ $%d, DX", winoTile*blockBytes)
	s.f("DECQ CX")
	s.f("JNZ %s_tile", name)
	s.ret()
}
