package kernels

import "unsafe"

// SlopeArgs asks for the gradient before an activation: D holds N vectors of
// the gradient behind it and is overwritten. X is as many vectors of what the
// activation was given, S of its sigmoid; ReLU6Slope looks at what the
// activation gave, at X, and not at S.
type SlopeArgs struct {
	D, X, S unsafe.Pointer
	N       int
}

// FilterGradArgs asks for the gradient of a depthwise convolution's weights in
// one channel block, added to what is at Out:
//
//	Out[i][j] += Σ In[y·s+i][x·s+j]·D[y][x]
//
// over Rows × Cols pixels of D, which follow each other. In is the first tap of
// the first pixel; InRow is the bytes from one input row to the next and RowStep
// those from one output row's inputs to the next one's. Every tap's sum goes
// over rows and columns in order.
//
// The assembly reads fields by offset: order and types are part of its
// contract.
type FilterGradArgs struct {
	In, D   unsafe.Pointer
	Out     unsafe.Pointer // [k·k][16]
	InRow   int
	RowStep int
	Rows    int
	Cols    int
}

// FilterGrad runs the kernel of a k×k convolution at a stride. The caller has
// set all fields but RowStep.
func (s *Set) FilterGrad(a *FilterGradArgs, kernel, stride int) {
	a.RowStep = a.InRow * stride
	s.filterGrad[kernel][stride](a)
}

func relu6SlopePortable(a *SlopeArgs) {
	d, y := unsafe.Slice((*vector)(a.D), a.N), unsafe.Slice((*vector)(a.X), a.N)
	for i := range d {
		for j, v := range y[i] {
			if !(v > 0 && v < 6) {
				d[i][j] = 0
			}
		}
	}
}

// siluSlopePortable multiplies by s + x·s·(1−s) as s·(1 + x·(1−s)).
func siluSlopePortable(a *SlopeArgs) {
	d, x, s := unsafe.Slice((*vector)(a.D), a.N), unsafe.Slice((*vector)(a.X), a.N), unsafe.Slice((*vector)(a.S), a.N)
	for i := range d {
		for j, v := range s[i] {
			d[i][j] *= v * (1 + x[i][j]*(1-v))
		}
	}
}

// filterGradPortable makes the kernel of a k×k convolution at a stride.
func filterGradPortable(k, stride int) func(*FilterGradArgs) {
	return func(a *FilterGradArgs) {
		for t := range k * k {
			sum := vectorAt(a.Out, t*blockBytes)
			for y := range a.Rows {
				in := at(a.In, t/k*a.InRow+t%k*blockBytes+y*a.RowStep)
				for x := range a.Cols {
					v := vectorAt(in, x*stride*blockBytes)
					d := vectorAt(a.D, (y*a.Cols+x)*blockBytes)
					for c := range sum {
						sum[c] += v[c] * d[c]
					}
				}
			}
		}
	}
}
