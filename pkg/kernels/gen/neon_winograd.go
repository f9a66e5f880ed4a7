package main

import "fmt"

func (s neon) winograd() {
	s.winogradInput()
	s.winogradOutput()
}

// winogradPointers are the addresses of a tile's points.
var winogradPointers = [winoPoints]string{"R4", "R5", "R6", "R7", "R8", "R9"}

// winogradStart loads the arguments: the points' addresses from one field, R1
// the pixels from the other, R3 the tiles that are left; it changes R2.
func (s neon) winogradStart(name string, points, pixels int) {
	s.function(name+s.name, "WinogradArgs")
	s.field(pixels, "R1")
	s.field(winoStride, "R2")
	s.field(winoTiles, "R3")
	s.field(points, winogradPointers[0])
	for p := 1; p < winoPoints; p++ {
		s.f("ADD R2, %s, %s", winogradPointers[p-1], winogradPointers[p])
	}
}

// held loads constants into the registers from the top down.
func (s neon) held(constants ...int) map[int]int {
	regs := map[int]int{}
	for i, k := range constants {
		regs[k] = s.regs - 1 - i
		s.f("MOVD $·constants+%d(SB), R12", k*4)
		s.broadcast("R12", regs[k])
	}
	return regs
}

// fms subtracts n·m from d.
func (s neon) fms(d, n, m int) { s.f("VFMLS V%d.S4, V%d.S4, V%d.S4", m, n, d) }

// pair runs emit for both vectors of a pair.
func pair(emit func(h int)) {
	emit(0)
	emit(1)
}

// winogradInput takes a tile in pairs of vectors. Registers 2i and 2i+1 hold
// pixel i.
func (s neon) winogradInput() {
	s.winogradStart("winogradInput", winoOut, winoIn)
	k := s.held(kThreeHalfs, kTwo, kHalf)
	s.label("tile")
	const e, f, v, w = 12, 14, 16, 18
	pixel := func(i, h int) int { return 2*i + h }
	for offset := 0; offset < blockBytes; offset += 32 {
		store := func(p int) { s.store(v, winogradPointers[p], offset) }
		for i := range winoPoints {
			s.load("R1", i*blockBytes+offset, pixel(i, 0))
		}
		pair(func(h int) {
			s.op(fsub, e+h, pixel(4, h), pixel(2, h))
			s.op(fsub, f+h, pixel(3, h), pixel(1, h))
			s.op(fsub, v+h, pixel(0, h), pixel(2, h))
			s.op(fadd, v+h, v+h, e+h)
			s.fma(v+h, f+h, k[kThreeHalfs])
		})
		store(0)
		pair(func(h int) {
			s.op(fadd, v+h, e+h, f+h)
			s.op(fadd, w+h, pixel(2, h), pixel(3, h))
			s.fma(v+h, w+h, k[kThreeHalfs])
		})
		store(1)
		pair(func(h int) {
			s.op(fsub, v+h, e+h, f+h)
			s.op(fsub, w+h, pixel(3, h), pixel(2, h))
			s.fma(v+h, w+h, k[kThreeHalfs])
		})
		store(2)
		pair(func(h int) { s.copy(e+h, v+h); s.fma(v+h, f+h, k[kTwo]) })
		store(3)
		pair(func(h int) { s.copy(e+h, v+h); s.fms(v+h, f+h, k[kHalf]) })
		store(4)
		pair(func(h int) {
			s.op(fsub, v+h, pixel(5, h), pixel(3, h))
			s.op(fsub, v+h, v+h, f+h)
			s.fma(v+h, e+h, k[kThreeHalfs])
		})
		store(5)
	}
	s.advance("R1", winoTile*blockBytes)
	for _, p := range winogradPointers {
		s.advance(p, blockBytes)
	}
	s.next("R3", "tile")
	s.f("RET")
}

// winogradOutput takes a tile in pairs of vectors. Registers 2p and 2p+1 hold
// point p.
func (s neon) winogradOutput() {
	s.winogradStart("winogradOutput", winoIn, winoOut)
	k := s.held(kHalf, kTwo, kQuarter, kFour, kEighth, kEight)
	s.field(winoAct, "R2")
	s.label("tile")
	const y0, y1, y2, y3, zero, six = 0, 2, 12, 14, 8, 9
	point := func(p, h int) int { return 2*p + h }
	for offset := 0; offset < blockBytes; offset += 32 {
		for p := range winoPoints {
			s.load(winogradPointers[p], offset, point(p, 0))
		}
		pair(func(h int) {
			s.op(fadd, y2+h, point(1, h), point(2, h))
			s.op(fsub, y3+h, point(1, h), point(2, h))
			s.op(fadd, y0+h, point(0, h), y2+h)
			s.op(fadd, y1+h, point(3, h), point(4, h))
			s.op(fadd, y0+h, y0+h, y1+h)
			s.copy(y3+h, y1+h)
			s.fma(y1+h, point(3, h), k[kHalf])
			s.fms(y1+h, point(4, h), k[kTwo])
			s.fma(y2+h, point(3, h), k[kQuarter])
			s.fma(y2+h, point(4, h), k[kFour])
			s.op(fadd, y3+h, y3+h, point(5, h))
			s.fma(y3+h, point(3, h), k[kEighth])
			s.fms(y3+h, point(4, h), k[kEight])
		})
		outputs := []int{y0, y1, y2, y3}
		s.f("CMP $%d, R2", actReLU6)
		s.f("BNE store%d", offset)
		s.clamps(zero, six)
		for _, y := range outputs {
			pair(func(h int) { s.relu6(y+h, zero, six) })
		}
		s.label(fmt.Sprintf("store%d", offset))
		for i, y := range outputs {
			s.store(y, "R1", i*blockBytes+offset)
		}
	}
	s.advance("R1", winoTile*blockBytes)
	for _, p := range winogradPointers {
		s.advance(p, blockBytes)
	}
	s.next("R3", "tile")
	s.f("RET")
}
