package main

import "fmt"

// neon writes loops in the assembly of arm64. Vector registers go by number;
// R16 to R18 and R26 to R30 are left to the linker and the runtime.
type neon struct{ *source }

const quad = 16

// load fetches a constant into a vector; it changes R12.
func (s neon) load(value []byte, v int) {
	s.f("MOVD $%s, R12", s.keep(value))
	s.f("VLD1 (R12), [V%d.B16]", v)
}

// word emits an instruction that Go's assembler does not know, its comment in
// Arm's syntax.
func (s neon) word(code uint32, format string, a ...any) {
	s.f("WORD $%#08x // %s", code, fmt.Sprintf(format, a...))
}

func operands(d, n int) uint32 { return uint32(n)<<5 | uint32(d) }

// lane is the part of a code that names a 16-bit element; m is below 16.
func lane(m, i int) uint32 {
	return 1<<22 | uint32(m)<<16 | uint32(i&1)<<20 | uint32(i>>1&1)<<21 | uint32(i>>2)<<11
}

// product is a multiplication of four 16-bit numbers by an element, to 32 bits.
type product struct {
	name string
	code uint32
}

var (
	smull = product{"SMULL", 0x0f00a000}
	smlal = product{"SMLAL", 0x0f002000}
	smlsl = product{"SMLSL", 0x0f006000}
)

// multiply emits p of the low (0) or high (1) half of n and element i of m.
func (s neon) multiply(p product, half, d, n, m, i int) {
	name, from := p.name, "4H"
	if half == 1 {
		name, from = name+"2", "8H"
	}
	s.word(p.code|uint32(half)<<30|lane(m, i)|operands(d, n), "%s V%d.4S, V%d.%s, V%d.H[%d]", name, d, n, from, m, i)
}

// narrow is a shift to half the width.
type narrow struct {
	name string
	code uint32
}

var (
	shrn    = narrow{"SHRN", 0x0f008400}
	rshrn   = narrow{"RSHRN", 0x0f008c00}
	sqshrn  = narrow{"SQSHRN", 0x0f009400}
	sqrshrn = narrow{"SQRSHRN", 0x0f009c00}
	sqshrun = narrow{"SQSHRUN", 0x2f008400}
)

// shift narrows n, of 16- or 32-bit numbers, into the low or high half of d.
func (s neon) shift(x narrow, bits, half, d, n, by int) {
	name := x.name
	if half == 1 {
		name += "2"
	}
	s.word(x.code|uint32(half)<<30|uint32(bits-by)<<16|operands(d, n), "%s V%d, V%d, #%d", name, d, n, by)
}

// three emits an instruction of three whole vectors.
func (s neon) three(name string, code uint32, d, n, m int) {
	s.word(code|uint32(m)<<16|operands(d, n), "%s V%d, V%d, V%d", name, d, n, m)
}

// steps emits body for R5 = 0, size, … while size values fit into the R4
// values of a row, and once more for the last ones.
func (s neon) steps(name string, size int, body func()) {
	s.f("MOVD $0, R5")
	s.f("SUB $%d, R4", size)
	s.label(name)
	body()
	s.f("CMP R4, R5")
	s.f("BEQ %sDone", name)
	s.f("ADD $%d, R5", size)
	s.f("CMP R4, R5")
	s.f("CSEL GT, R4, R5, R5")
	s.f("JMP %s", name)
	s.label(name + "Done")
}
