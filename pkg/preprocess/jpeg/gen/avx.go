package main

// avx writes loops in the assembly of amd64, with AVX2.
type avx struct{ *source }

const vector = 32

// pair is a vector of 16-bit pairs.
func (s avx) pair(low, high int) string { return s.keep(words(vector, low, high)) }

// lanes is a vector of 32-bit values.
func (s avx) lanes(v int) string { return s.keep(doublewords(vector, v)) }

func (s avx) ret() {
	s.f("VZEROUPPER")
	s.f("RET")
}
