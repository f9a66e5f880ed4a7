package kernels

import "unsafe"

// Winograd's minimal filtering F(4, 3): four neighbouring outputs of a filter
// with three taps are six products instead of twelve. The products are those
// of polynomials at the points 0, 1, −1, ½, −2 and ∞ (A. Lavin and S. Gray,
// "Fast Algorithms for Convolutional Neural Networks", 2015, and for points
// that round well B. Barabasz et al., "Error Analysis and Improving the
// Accuracy of Winograd Convolution", 2020).
const (
	WinogradPoints = 6 // products of a tile, and its input pixels
	WinogradTile   = 4 // output pixels of a tile, and the distance of tiles
)

// winogradFilter takes the three taps of a filter to its values at the points.
var winogradFilter = [WinogradPoints][3]float64{
	{1, 0, 0},
	{1. / 3, 1. / 3, 1. / 3},
	{-1. / 3, 1. / 3, -1. / 3},
	{-16. / 15, -8. / 15, -4. / 15},
	{1. / 15, -2. / 15, 4. / 15},
	{0, 0, 1},
}

// winogradBias is the point whose product reaches every output of a tile once.
const winogradBias = 1

// WinogradArgs is one call of WinogradInput, which takes rows of pixels to
// their values at the points, or of WinogradOutput, which takes sums of
// products back. Tiles follow each other: on the side of pixels each begins
// four pixels after the one before, on the side of the points each is one
// vector at every point. Stride is the bytes from a point's first vector to the
// next one's.
//
// The assembly reads fields by offset: order and types are part of its
// contract.
type WinogradArgs struct {
	In, Out unsafe.Pointer
	Stride  int
	Tiles   int
	Act     Activation // of WinogradOutput; SiLU is left to the caller
}

// Winograd gives the weights of a 3×3 filter at point p, [outputs][inputs][3]:
// a tap for every row. Only one point has the bias.
func (w Weights) Winograd(p int) Weights {
	f := winogradFilter[p]
	at := Weights{Values: make([]float32, len(w.Values)/3), Taps: 3}
	if p == winogradBias {
		at.Bias = w.Bias
	}
	each := len(at.Values) / len(w.Bias)
	for i := range at.Values {
		row := w.Values[i*3:][:3]
		sum := f[0]*float64(row[0]) + f[1]*float64(row[1]) + f[2]*float64(row[2])
		at.Values[i] = float32(sum * w.scale(i/each))
	}
	return at
}

func winogradInputPortable(a *WinogradArgs) {
	for t := range a.Tiles {
		d := (*[WinogradPoints]vector)(at(a.In, t*WinogradTile*blockBytes))
		for c := range Block {
			d0, d1, d2, d3, d4, d5 := d[0][c], d[1][c], d[2][c], d[3][c], d[4][c], d[5][c]
			e, f := d4-d2, d3-d1
			for p, v := range [WinogradPoints]float32{
				(d0 - d2) + e + 1.5*f,
				(e + f) + 1.5*(d2+d3),
				(e - f) + 1.5*(d3-d2),
				e + 2*f,
				e - 0.5*f,
				(d5 - d3) - f + 1.5*e,
			} {
				vectorAt(a.Out, p*a.Stride+t*blockBytes)[c] = v
			}
		}
	}
}

func winogradOutputPortable(a *WinogradArgs) {
	for t := range a.Tiles {
		var m [WinogradPoints]*vector
		for p := range m {
			m[p] = vectorAt(a.In, p*a.Stride+t*blockBytes)
		}
		var y [WinogradTile]vector
		for c := range Block {
			s, d := m[1][c]+m[2][c], m[1][c]-m[2][c]
			y[0][c] = (m[0][c] + s) + (m[3][c] + m[4][c])
			y[1][c] = d + 0.5*m[3][c] - 2*m[4][c]
			y[2][c] = s + 0.25*m[3][c] + 4*m[4][c]
			y[3][c] = (d + m[5][c]) + 0.125*m[3][c] - 8*m[4][c]
		}
		for i := range y {
			if a.Act == ReLU6 {
				a.Act.apply(&y[i])
			}
			*vectorAt(a.Out, (t*WinogradTile+i)*blockBytes) = y[i]
		}
	}
}
