package kernels

import "math"

// constants is what the assembly broadcasts; package gen knows the order.
//
//lint:ignore U1000 only assembly reads it
var constants = [...]float32{
	-log2e,
	siluFloor,
	1,
	6,
	3 << 22,
	-126,
	exp2Poly[0], exp2Poly[1], exp2Poly[2], exp2Poly[3], exp2Poly[4], exp2Poly[5],
	float32(slope / level),
	float32(curve / level),
	3 << 18, // adding it leaves sixteenths in the low four bits
	3 << 19, // likewise eighths in the low bits
	-siluFloor,
	eighthSlope,
	eighthCurve,
	eighthCubic,
	0.5, 2, 0.25, 4, 0.125, 8, 1.5,
}

// exp2Poly approximates 2^f for f in [−½, ½], lowest power first, by Remez'
// algorithm: relative error 7.5e-8 before rounding.
var exp2Poly = [6]float32{
	1.000000071654682, 0.69314696706473289, 0.24022119723848662,
	0.055507132735432695, 0.0096755413342091718, 0.0013276471979222501,
}

// The AVX-512 kernels write x as n + j/16 + f with f in [0, 1/16) and take
// 2^x = 2^n · exp2Sixteenths[j] · (1 + slope/level·f + curve/level·f²). Around
// the middle of f's range, g = f − 1/32, 2^g is 1 + c1·g + c2·g² where c1
// already holds what Chebyshev economisation leaves of the cubic term.
const (
	middle = 1.0 / 32
	c1     = math.Ln2 + math.Ln2*math.Ln2*math.Ln2/6*0.75*middle*middle
	c2     = math.Ln2 * math.Ln2 / 2
	level  = 1 - c1*middle + c2*middle*middle
	slope  = c1 - 2*c2*middle
	curve  = c2
)

//lint:ignore U1000 only assembly reads it
var exp2Sixteenths = func() (table [16]float32) {
	for j := range table {
		table[j] = float32(math.Exp2(float64(j)/16+middle) * level)
	}
	return table
}()

// The AVX2 kernels write x as n + j/8 + f with f in [−1/16, 1/16] and take
// 2^x = 2^n · 2^(j/8) · (1 + eighthSlope·f + eighthCurve·f² + eighthCubic·f³), where
// the quadratic term already holds what economisation leaves of the quartic
// one: relative error 2.5e-8 before rounding.
const (
	eighthSlope = math.Ln2
	eighthCurve = math.Ln2*math.Ln2/2 + math.Ln2*math.Ln2*math.Ln2*math.Ln2/24*0.828/(16*16)
	eighthCubic = math.Ln2 * math.Ln2 * math.Ln2 / 6
)

// exp2Eighths is the bits of 2^(j/8), less j where 8·n + j is added as a whole:
// shifted by eighthBits, n reaches the exponent and j the mantissa.
//
//lint:ignore U1000 only assembly reads it
var exp2Eighths = func() (table [8]uint32) {
	for j := range table {
		table[j] = math.Float32bits(float32(math.Exp2(float64(j)/8))) - uint32(j)<<eighthBits
	}
	return table
}()

const eighthBits = 23 - 3
