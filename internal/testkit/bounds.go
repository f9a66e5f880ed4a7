package testkit

import "math"

const (
	// Epsilon is the distance from 1 to the next float32.
	Epsilon = 0x1p-23
	// Least is the smallest positive float32.
	Least = 0x1p-149
)

// SumBound is how far float32 may be from the true sum of k products whose
// magnitudes add up to abs: c·k·ε·Σ|a·b|, and where products fall below the
// normal numbers their rounding too. With c = 1 it holds for any order of
// additions, fused or not (Higham, Accuracy and Stability of Numerical
// Algorithms, 3.1).
func SumBound(c float64, k int, abs float64) float64 {
	return c * float64(k) * (Epsilon*abs + Least)
}

// Within tells whether |got−want| ≤ bound. NaN and infinity are never within,
// in any of the three.
func Within(got float32, want, bound float64) bool {
	return math.Abs(float64(got)-want) <= bound && bound <= math.MaxFloat64
}

// SameKind tells whether got is finite, +Inf, −Inf or NaN as want is.
func SameKind(got float32, want float64) bool {
	g := float64(got)
	return math.IsNaN(g) == math.IsNaN(want) &&
		math.IsInf(g, 1) == math.IsInf(want, 1) &&
		math.IsInf(g, -1) == math.IsInf(want, -1)
}

// SameBits tells whether a and b hold the same bits, and where they first
// differ; any NaN equals any other. Slices of different lengths differ at the
// end of the shorter.
func SameBits(a, b []float32) (same bool, at int) {
	for i := range min(len(a), len(b)) {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) && (a[i] == a[i] || b[i] == b[i]) {
			return false, i
		}
	}
	return len(a) == len(b), min(len(a), len(b))
}

// LogitsError is max |got−want| over the standard deviation of want: errors
// count as far as they can change a ranking. It is +Inf where the lengths
// differ, anything is not finite, or want is constant.
func LogitsError(got, want []float32) float64 {
	if len(got) != len(want) || len(want) == 0 {
		return math.Inf(1)
	}
	var mean, variance, worst float64
	for _, w := range want {
		mean += float64(w)
	}
	mean /= float64(len(want))
	for i, w := range want {
		d := float64(w) - mean
		variance += d * d
		worst = math.Max(worst, math.Abs(float64(got[i])-float64(w))) // keeps NaN
	}
	e := worst / math.Sqrt(variance/float64(len(want)))
	if math.IsNaN(e) {
		return math.Inf(1)
	}
	return e
}
