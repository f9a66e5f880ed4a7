package kernels

import "unsafe"

// DepthwiseArgs is one call of a depthwise kernel on one channel block:
//
//	Out[y][x] = act(Σ W[i][j]·In[y·s+i][x·s+j] + bias)
//
// over OutRows rows, each Tiles tiles of MC pixels. RowPtrs points to the
// addresses of the input rows at the first tap of column 0, one an input row;
// an output row takes Kernel of them and the next begins Stride further. Rows
// outside the picture point to zeros. ColSkip is added to every row's address;
// OutStride is the bytes from one output row to the next. SiLU is left to the
// caller, who has the rows of a strip contiguous.
//
// The assembly reads fields by offset: order and types are part of its
// contract.
type DepthwiseArgs struct {
	RowPtrs   *unsafe.Pointer
	W         unsafe.Pointer // [Kernel·Kernel][16]
	Bias      unsafe.Pointer // [16]
	Out       unsafe.Pointer
	ColSkip   int
	OutStride int
	Tiles     int
	OutRows   int
	Act       Activation
	MC        int
	Kernel    int
	Stride    int
}

// Filter is the weights of a depthwise convolution, packed once:
// [C/16][k·k][16], and the bias padded likewise.
type Filter struct {
	C, Kernel, Stride int
	Data, Bias        []float32
}

// NewFilter takes the memory of a filter for c channels.
func NewFilter(memory *Memory, c, kernel, stride int) *Filter {
	return &Filter{
		C: c, Kernel: kernel, Stride: stride,
		Data: memory.Alloc(Blocks(c) * kernel * kernel * Block),
		Bias: memory.Alloc(Blocks(c) * Block),
	}
}

// Pack fills the filter.
func (f *Filter) Pack(w Weights) {
	copy(f.Bias, w.Bias)
	for i := range f.C {
		scale := w.scale(i)
		for t, v := range w.Values[i*w.Taps : (i+1)*w.Taps] {
			f.Data[(i/Block*w.Taps+t)*Block+i%Block] = float32(float64(v) * scale)
		}
	}
}

// Depthwise runs channel block b of f over outRows × outCols output pixels.
// The caller has set RowPtrs, Out, OutStride and Act in a; the other fields
// are overwritten.
func (s *Set) Depthwise(a *DepthwiseArgs, f *Filter, b, outRows, outCols int) {
	a.W = At(f.Data, b*f.Kernel*f.Kernel*Block)
	a.Bias = At(f.Bias, b*Block)
	a.Kernel, a.Stride, a.OutRows = f.Kernel, f.Stride, outRows
	kernels := &s.depthwise[f.Kernel][f.Stride]
	pieces, size, big := split(outCols, s.tileCols(f.Kernel, f.Stride))
	out := a.Out
	a.ColSkip = 0
	if big > 0 {
		a.Tiles, a.MC = big, size+1
		kernels[size+1](a)
	}
	if big < pieces {
		done := big * (size + 1)
		a.ColSkip, a.Out = done*f.Stride*blockBytes, at(out, done*blockBytes)
		a.Tiles, a.MC = pieces-big, size
		kernels[size](a)
	}
	a.Out = out
}

// TileCols lists the sizes of the tiles by which Depthwise cuts a row of cols
// output pixels.
func (s *Set) TileCols(kernel, stride, cols int) []int {
	return sizes(cols, s.tileCols(kernel, stride))
}

// tileCols is the widest tile of a filter.
func (s *Set) tileCols(kernel, stride int) int {
	most := maxTileCols
	for s.depthwise[kernel][stride][most] == nil {
		most--
	}
	return most
}
