package main

import (
	"fmt"
	"log"
)

// neon writes kernels in the assembly of arm64. Vector registers go by number;
// the kernels leave R16 to R18 and R26 to R30 to the linker and the runtime.
//
// Loads and stores take pairs of vectors.
type neon struct{ *source }

// function begins a function of one pointer, which it loads into R0.
func (s neon) function(name, args string) {
	s.text(name, args)
	s.f("MOVD a+0(FP), R0")
}

// field loads a field of the arguments.
func (s neon) field(offset int, reg string) { s.f("MOVD %d(R0), %s", offset, reg) }

// next counts reg down and goes back to label while it is not zero.
func (s neon) next(reg, label string) {
	s.f("SUB $1, %s", reg)
	s.f("CBNZ %s, %s", reg, label)
}

// advance adds to a pointer.
func (s neon) advance(reg string, bytes int) {
	switch {
	case bytes > 0:
		s.f("ADD $%d, %s", bytes, reg)
	case bytes < 0:
		s.f("SUB $%d, %s", -bytes, reg)
	}
}

// pairReach is the largest offset that a pair takes as an immediate.
const pairReach = 1008

func pairAt(base string, offset int) string {
	if offset > pairReach {
		log.Fatalf("offset %d would cost an addition at every load", offset)
	}
	return fmt.Sprintf("%d(%s)", offset, base)
}

func (s neon) load(base string, offset, v int) {
	s.f("FLDPQ %s, (F%d, F%d)", pairAt(base, offset), v, v+1)
}

func (s neon) store(v int, base string, offset int) {
	s.f("FSTPQ (F%d, F%d), %s", v, v+1, pairAt(base, offset))
}

func (s neon) copy(from, to int) { s.f("VMOV V%d.B16, V%d.B16", from, to) }

func (s neon) zero(v int) { s.f("VEOR V%d.B16, V%d.B16, V%d.B16", v, v, v) }

// broadcast fills v with the float at address, which it advances.
func (s neon) broadcast(address string, v int) { s.f("VLD1R.P 4(%s), [V%d.S4]", address, v) }

// fma adds n·m to d.
func (s neon) fma(d, n, m int) { s.f("VFMLA V%d.S4, V%d.S4, V%d.S4", m, n, d) }

// operation is an instruction of three vectors of four floats that Go's
// assembler does not know: its mnemonic and its encoding with registers 0.
type operation struct {
	mnemonic string
	word     uint32
}

var (
	fadd = operation{"FADD", 0x4e20d400}
	fsub = operation{"FSUB", 0x4ea0d400}
	fmul = operation{"FMUL", 0x6e20dc00}
	fdiv = operation{"FDIV", 0x6e20fc00}
	// Where an operand is NaN, so is the result.
	fmax = operation{"FMAX", 0x4e20f400}
	fmin = operation{"FMIN", 0x4ea0f400}
)

// encode is the line for d = n op m, its comment in Arm's syntax.
func (op operation) encode(d, n, m int) string {
	return fmt.Sprintf("WORD $%#08x // %s V%d.4S, V%d.4S, V%d.4S",
		op.word|uint32(m)<<16|uint32(n)<<5|uint32(d), op.mnemonic, d, n, m)
}

// encodeFMALane is the line that adds n·m[lane] to d.
func encodeFMALane(d, n, m, lane int) string {
	low, high := uint32(lane&1), uint32(lane>>1)
	return fmt.Sprintf("WORD $%#08x // FMLA V%d.4S, V%d.4S, V%d.S[%d]",
		0x4f801000|low<<21|uint32(m)<<16|high<<11|uint32(n)<<5|uint32(d), d, n, m, lane)
}

// op emits d = n op m.
func (s neon) op(op operation, d, n, m int) { s.f("%s", op.encode(d, n, m)) }

// fmaLane adds n·m[lane] to d.
func (s neon) fmaLane(d, n, m, lane int) { s.f("%s", encodeFMALane(d, n, m, lane)) }

// clamps prepares relu6; it changes R12.
func (s neon) clamps(zero, six int) {
	s.zero(zero)
	s.f("MOVD $·constants+%d(SB), R12", kSix*4)
	s.broadcast("R12", six)
}

func (s neon) relu6(v, zero, six int) {
	s.op(fmax, v, v, zero)
	s.op(fmin, v, v, six)
}
