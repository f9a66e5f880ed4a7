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
	squareShift,
	squareRest,
	3 << 18, // adding it leaves sixteenths in the low four bits
	3 << 19, // likewise eighths in the low bits
	siluCeil,
	cubeShift,
	cubeSlope,
	cubeRest,
	0.5, 2, 0.25, 4, 0.125, 8, 1.5,
}

// exp2Poly approximates 2^f for f in [−½, ½], lowest power first, by Remez'
// algorithm: relative error 7.5e-8 before rounding.
var exp2Poly = [6]float32{
	1.000000071654682, 0.69314696706473289, 0.24022119723848662,
	0.055507132735432695, 0.0096755413342091718, 0.0013276471979222501,
}

// siluCeil is where the AVX kernels let e^−x stand still: far above what counts
// beside 1, and below what their powers reach.
const siluCeil = 64

// The AVX-512 kernels write x as n + j/16 + f with f in [−1/32, 1/32] and take
// 2^x = 2^(n + j/16) · (1 + square1·f + square2·f²), where square1 already holds
// what Chebyshev economisation leaves of the cubic term. With u = f +
// squareShift that is 2^(n + j/16) · square2 · (u² + squareRest).
const (
	square1     = math.Ln2 + math.Ln2*math.Ln2*math.Ln2/6*0.75/(32*32)
	square2     = math.Ln2 * math.Ln2 / 2
	squareShift = square1 / (2 * square2)
	squareRest  = 1/square2 - squareShift*squareShift
)

// The AVX2 kernels write x as n + j/8 + f with f in [−1/16, 1/16] and take
// 2^x = 2^(n + j/8) · (1 + cube1·f + cube2·f² + cube3·f³), where cube2 already
// holds what economisation leaves of the quartic term: relative error 2.5e-8.
// With u = f + cubeShift that is
// 2^(n + j/8) · cube3 · (u·(u² + cubeSlope) + cubeRest).
const (
	cube1     = math.Ln2
	cube2     = math.Ln2*math.Ln2/2 + math.Ln2*math.Ln2*math.Ln2*math.Ln2/24*0.828/(16*16)
	cube3     = math.Ln2 * math.Ln2 * math.Ln2 / 6
	cubeShift = cube2 / (3 * cube3)
	cubeSlope = cube1/cube3 - 3*cubeShift*cubeShift
	cubeRest  = 1/cube3 - cubeShift*(cubeShift*cubeShift+cubeSlope)
)

//lint:ignore U1000 only assembly reads it
var exp2Sixteenths = exp2Table(4, square2)

//lint:ignore U1000 only assembly reads it
var exp2Eighths = exp2Table(3, cube3)

// exp2Table is the bits of 2^(j/2^fraction) · scale, repeated over a register,
// less j where n·2^fraction + j is added as a whole: n reaches the exponent and
// j the mantissa.
func exp2Table(fraction int, scale float64) (table [Block]uint32) {
	for i := range table {
		j := i & (1<<fraction - 1)
		power := math.Exp2(float64(j)/float64(int(1)<<fraction)) * scale
		table[i] = math.Float32bits(float32(power)) - uint32(j)<<(23-fraction)
	}
	return table
}
