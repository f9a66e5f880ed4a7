package kernels

import (
	"math"
	"unsafe"

	"github.com/effnet/effnet/internal/cpu"
)

// The portable set is the oracle of the assembly and what runs where there is
// none.

const (
	portableTileRows = 8
	portableTileCols = 8
)

func portableSet() *Set {
	s := &Set{
		Tier:           cpu.Generic,
		Silu:           siluPortable,
		Sigmoid:        sigmoidPortable,
		Sum:            sumPortable,
		Scale:          scalePortable,
		ScaleRows:      scaleRowsPortable,
		Add:            addPortable,
		WinogradInput:  winogradInputPortable,
		WinogradOutput: winogradOutputPortable,
		Spin:           spinPortable,
		spinBlocks:     1,
		ReLU6Slope:     relu6SlopePortable,
		SiLUSlope:      siluSlopePortable,
	}
	for r := 1; r <= portableTileRows; r++ {
		s.gemm[1][r] = gemmPortable
	}
	for _, k := range []int{3, 5} {
		for stride := 1; stride <= 2; stride++ {
			for c := 1; c <= portableTileCols; c++ {
				s.depthwise[k][stride][c] = depthwisePortable
			}
			s.filterGrad[k][stride] = filterGradPortable(k, stride)
		}
	}
	return s
}

// vector is sixteen channels of a pixel.
type vector = [Block]float32

func vectorAt(p unsafe.Pointer, bytes int) *vector { return (*vector)(at(p, bytes)) }

func (act Activation) apply(v *vector) {
	switch act {
	case ReLU6:
		for i, x := range v {
			// Comparisons let NaN pass.
			if x < 0 {
				x = 0
			} else if x > 6 {
				x = 6
			}
			v[i] = x
		}
	case SiLU:
		for i, x := range v {
			v[i] = silu(x)
		}
	}
}

func gemmPortable(a *GEMMArgs) {
	pixel := 0 // bytes into A
	out := 0   // bytes into C and Residual
	for range a.Rows {
		for range a.Tiles * a.MR {
			for v := range a.Vecs {
				gemmVector(a, pixel, v, out+v*a.CStride)
			}
			pixel += blockBytes
			out += blockBytes
		}
		pixel += a.ASkip
		out += a.CSkip
	}
}

// gemmVector computes sixteen outputs of one pixel.
func gemmVector(a *GEMMArgs, pixel, v, out int) {
	sum := *vectorAt(a.Bias, v*blockBytes)
	width := a.Vecs * blockBytes
	b := at(a.B, v*blockBytes)
	for _, run := range unsafe.Slice(a.Runs, a.NRuns) {
		in := vectorAt(a.A, pixel+run.Offset)
		for _, x := range in[:run.K4*4] {
			w := (*vector)(b)
			for j := range sum {
				sum[j] += x * w[j]
			}
			b = at(b, width)
		}
	}
	a.Act.apply(&sum)
	if a.Residual != nil {
		r := vectorAt(a.Residual, out)
		for j := range sum {
			sum[j] += r[j]
		}
	}
	*vectorAt(a.C, out) = sum
}

func depthwisePortable(a *DepthwiseArgs) {
	ptrs := unsafe.Slice(a.RowPtrs, (a.OutRows-1)*a.Stride+a.Kernel)
	for y := range a.OutRows {
		rows := ptrs[y*a.Stride:][:a.Kernel]
		for x := range a.Tiles * a.MC {
			sum := *(*vector)(a.Bias)
			for i, row := range rows {
				for j := range a.Kernel {
					in := vectorAt(row, a.ColSkip+(x*a.Stride+j)*blockBytes)
					w := vectorAt(a.W, (i*a.Kernel+j)*blockBytes)
					for c := range sum {
						sum[c] += in[c] * w[c]
					}
				}
			}
			if a.Act == ReLU6 {
				a.Act.apply(&sum)
			}
			*vectorAt(a.Out, y*a.OutStride+x*blockBytes) = sum
		}
	}
}

func vectors(a *VectorArgs) []vector { return unsafe.Slice((*vector)(a.X), a.N) }

func siluPortable(a *VectorArgs) {
	v := vectors(a)
	for i := range v {
		SiLU.apply(&v[i])
	}
}

func sigmoidPortable(a *VectorArgs) {
	v := vectors(a)
	for i := range v {
		for j, x := range v[i] {
			v[i][j] = sigmoid(x)
		}
	}
}

// sumLanes is how many running sums every Sum kernel keeps, so that additions
// overlap; vector i goes to sum i mod sumLanes, and the sums are added as
// (0+1)+(2+3). It is fixed because it decides the bits.
const sumLanes = 4

func sumPortable(a *VectorArgs) {
	var sums [sumLanes]vector
	for i, v := range vectors(a) {
		for j, x := range v {
			sums[i%sumLanes][j] += x
		}
	}
	out := (*vector)(a.Out)
	for j := range out {
		out[j] = ((sums[0][j] + sums[1][j]) + (sums[2][j] + sums[3][j])) * a.Scale
	}
}

func addPortable(a *VectorArgs) {
	added := unsafe.Slice((*vector)(a.Out), a.N)
	for i, v := range vectors(a) {
		for j := range v {
			vectors(a)[i][j] = v[j] + added[i][j]
		}
	}
}

func scalePortable(a *VectorArgs) {
	factors := (*vector)(a.Out)
	v := vectors(a)
	for i := range v {
		for j := range v[i] {
			v[i][j] *= factors[j]
		}
	}
}

func scaleRowsPortable(a *ScaleRowsArgs) {
	factors := unsafe.Slice((*float32)(a.Factors), a.N)
	dst := unsafe.Slice((*vector)(a.Dst), a.N*a.Vecs)
	src := unsafe.Slice((*vector)(a.Src), a.N*a.Vecs)
	for r, f := range factors {
		for v := r * a.Vecs; v < (r+1)*a.Vecs; v++ {
			for j := range dst[v] {
				dst[v][j] = src[v][j] * f
			}
		}
	}
}

func spinPortable(a *VectorArgs) {
	x, s := *(*vector)(a.X), a.Scale
	var sums vector
	for range a.N {
		for j := range sums {
			sums[j] += x[j] * s
		}
	}
	*(*vector)(a.Out) = sums
}

// siluFloor is where sigmoid and silu stop following x down: silu is about
// −1e-36 there, and −∞ gives no NaN.
const siluFloor = -87

func silu(x float32) float32 {
	x = floored(x)
	return x / (1 + exp2(x*-log2e))
}

func sigmoid(x float32) float32 { return 1 / (1 + exp2(floored(x)*-log2e)) }

// floored lets NaN pass.
func floored(x float32) float32 {
	if x < siluFloor {
		return siluFloor
	}
	return x
}

const log2e = math.Log2E

// exp2 is 2^x for x ≤ 127 with a relative error under 3e-7; x below −126 counts
// as −126 and NaN passes. The coefficients are exp2Poly's.
func exp2(x float32) float32 {
	if x < -126 {
		x = -126
	}
	const shift = 3 << 22 // adding it rounds to an integer in the low bits
	r := x + shift
	n := math.Float32bits(r)
	f := x - (r - shift)
	p := exp2Poly[5]
	for i := 4; i >= 0; i-- {
		p = p*f + exp2Poly[i]
	}
	return p * math.Float32frombits((n+127)<<23) // a product, for NaN to pass
}
