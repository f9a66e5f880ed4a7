package kernels

import (
	"math"
	"testing"

	"github.com/effnet/effnet/internal/testkit"
)

func sigmoidExact(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// siluExact is 0 at −∞.
func siluExact(x float64) float64 {
	if x < -700 {
		return 0
	}
	return x * sigmoidExact(x)
}

// siluError and sigmoidError are what the functions of x may be off. Under
// siluFloor they stand still: silu there is closer to zero than 2e-36, the
// sigmoid than 2e-38.
func siluError(x float64) float64    { return expError(x)*math.Abs(siluExact(x)) + 2e-36 }
func sigmoidError(x float64) float64 { return expError(x)*sigmoidExact(x) + 2e-38 }

// expError is a relative error: of the approximation, and of rounding
// x·log₂e, which grows with x where e^−x counts.
func expError(x float64) float64 { return 8e-7 + math.Min(math.Max(-x, 0), 1000)*7.5e-8 }

// Every float32 pattern of a grid that is prime to the powers of two: all
// exponents, both signs, NaN of many payloads, denormals.
func TestActivationsOverAllNumbers(t *testing.T) {
	const vecs = 64
	step := uint64(4099)
	if testing.Short() {
		step = 65537
	}
	for _, s := range Sets() {
		m := newVectorMemory(t)
		x := make([]float32, vecs*Block)
		for bits := uint64(0); bits < 1<<32; {
			for i := range x {
				x[i] = math.Float32frombits(uint32(bits))
				bits += step
			}
			silu, _ := m.run(t, s.Silu, x, nil, 1)
			checkMap(t, s, "silu", x, silu, siluExact, siluError)
			sigmoid, _ := m.run(t, s.Sigmoid, x, nil, 1)
			checkMap(t, s, "sigmoid", x, sigmoid, sigmoidExact, sigmoidError)
			if t.Failed() {
				break
			}
		}
	}
}

func TestActivationsOfSpecialValues(t *testing.T) {
	x := make([]float32, 0, 2*Block)
	for _, bits := range []uint32{
		0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001, 0x7fc00001, 0x7fc000ff, 0x7fc001ff, 0x7fffffff, 0xffffffff, // NaN
		0x7f800000, 0xff800000, 0x7f7fffff, 0xff7fffff, // infinite and largest
		0, 1 << 31, 1, 1<<31 | 1, 0x007fffff, 0x807fffff, // zeros and denormals
	} {
		x = append(x, math.Float32frombits(bits))
	}
	x = append(x, -siluFloor, siluFloor, math.Nextafter32(siluFloor, -100))
	for len(x)%Block != 0 {
		x = append(x, 6)
	}
	for _, s := range Sets() {
		m := newVectorMemory(t)
		silu, _ := m.run(t, s.Silu, x, nil, 1)
		checkMap(t, s, "silu", x, silu, siluExact, siluError)
		sigmoid, _ := m.run(t, s.Sigmoid, x, nil, 1)
		checkMap(t, s, "sigmoid", x, sigmoid, sigmoidExact, sigmoidError)
	}
}

func checkMap(t *testing.T, s *Set, name string, x, got []float32, exact, allowed func(float64) float64) {
	t.Helper()
	for i := range x {
		want, bound := exact(float64(x[i])), allowed(float64(x[i]))
		ok := testkit.Within(got[i], want, bound)
		if math.IsNaN(want) || math.IsInf(want, 0) {
			ok = testkit.SameKind(got[i], want)
		}
		if !ok {
			t.Errorf("%s: %s(%v, bits %#08x) = %v, exact %v ± %v", s.Tier, name, x[i], math.Float32bits(x[i]), got[i], want, bound)
			return
		}
	}
}

// SiLU inside a matrix kernel has the bits of SiLU alone.
func TestActivationsAgreeWithinASet(t *testing.T) {
	random := testkit.NewRandom(14)
	for _, s := range Sets() {
		m, v := newGEMMMemory(t), newVectorMemory(t)
		for r := 1; r <= s.tileRows(1); r++ {
			x := gemmShape{vecs: 1, mr: r, k: 16, tiles: 3, rows: 1}
			p := newProduct(random, x.pixels(), x.k, Block)
			got := m.run(t, s.gemm[1][r], x, p, epilogue{SiLU, without})
			linear := m.run(t, s.gemm[1][r], x, p, epilogue{None, without})
			want, _ := v.run(t, s.Silu, linear, nil, 1)
			if same, at := testkit.SameBits(got, want); !same {
				t.Errorf("%s: tile of %d rows: silu(%v) = %v, alone %v", s.Tier, r, linear[at], got[at], want[at])
			}
		}
	}
}
