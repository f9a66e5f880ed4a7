package kernels

import (
	"testing"
	"unsafe"
)

// proveSpin: small whole numbers add up exactly, fused or not.
func proveSpin(t *testing.T, s *Set) int {
	for _, n := range []int{1, 2, 3, 1000} {
		memory := Alloc(2 * Block)
		for i := range Block {
			memory[i] = float32(i - 7)
		}
		s.Spin(&VectorArgs{X: unsafe.Pointer(&memory[0]), Out: unsafe.Pointer(&memory[Block]), N: n, Scale: 2})
		for i := range Block {
			if got, want := memory[Block+i], float32(2*n*(i-7)); got != want {
				t.Fatalf("%s: %d rounds give %v at %d, want %v", s.Tier, n, got, i, want)
			}
		}
	}
	return 1
}

func TestPeakIsMoreThanNothing(t *testing.T) {
	for _, s := range Sets() {
		if s.PeakFLOPS(1) <= 0 {
			t.Errorf("%s: no operation a second", s.Tier)
		}
	}
}
