package similar

import (
	"context"
	"fmt"

	"github.com/effnet/effnet/pkg/kernels"
)

// Products are computed a stripe of vectors by a block of others at a time: a
// stripe is packed once as the matrix of a GEMM, a block is its activations.
const (
	stripeRows = 512
	blockRows  = 48 // of 1280 values: a part of any L2 cache
)

func kernelSet(tier string) (*kernels.Set, error) {
	if tier == "" {
		return kernels.Best()
	}
	for _, set := range kernels.Sets() {
		if string(set.Tier) == tier {
			return set, nil
		}
	}
	return nil, fmt.Errorf("no kernels of tier %q here", tier)
}

// blocks is what one thread needs.
type blocks struct {
	set    *kernels.Set
	v      *Vectors
	norms  []float64
	memory kernels.Memory
	matrix *kernels.Matrix // of a whole stripe
	in     []float32       // [Dim/16][blockRows][16]
	out    []float32       // [stripeRows/16][blockRows][16]
	runs   []kernels.Run
	args   kernels.GEMMArgs
	pairs  []pair

	lengths [blockRows]float64 // of what in holds
}

func newBlocks(set *kernels.Set, v *Vectors, norms []float64) *blocks {
	b := &blocks{set: set, v: v, norms: norms, runs: kernels.Runs(v.Dim, 0, blockRows*kernels.Block*4)}
	b.in = b.memory.Alloc(kernels.Blocks(v.Dim) * blockRows * kernels.Block)
	b.out = b.memory.Alloc(kernels.Blocks(stripeRows) * blockRows * kernels.Block)
	b.matrix = set.NewMatrix(stripeRows, v.Dim, blockRows)
	b.matrix.Allocate(&b.memory)
	return b
}

// stripe compares vectors of a stripe with all before them and each other.
func (b *blocks) stripe(ctx context.Context, number int, f *forest) {
	first := number * stripeRows
	rows := min(stripeRows, b.v.Len()-first)
	b.pack(first, rows)
	for from := 0; from < first+rows && ctx.Err() == nil; from += blockRows {
		n := min(blockRows, first+rows-from)
		b.load(from, n)
		b.multiply(n)
		b.collect(from, n, first, rows, f)
	}
}

// pack makes the stripe a matrix of unit vectors; those that it lacks stay what
// they were and are not looked at.
func (b *blocks) pack(first, rows int) {
	scale := make([]float64, rows)
	for i := range scale {
		if n := b.norms[first+i]; n > 0 {
			scale[i] = 1 / n
		}
	}
	m := *b.matrix
	m.N = rows
	m.Pack(kernels.Weights{Values: b.v.Data[first*b.v.Dim : (first+rows)*b.v.Dim], Scale: scale, Taps: 1})
}

// load lays vectors out by blocks of sixteen values, as they are, or of length 1
// where float32 might not hold a product.
func (b *blocks) load(from, n int) {
	const least, most = 1e-15, 1e15
	dim := b.v.Dim
	for i := range n {
		row := b.v.Row(from + i)
		b.lengths[i] = b.norms[from+i]
		if length := b.lengths[i]; length > 0 && (length < least || length > most) {
			unit := make([]float32, dim)
			for k, x := range row {
				unit[k] = float32(float64(x) / length)
			}
			row, b.lengths[i] = unit, 1
		}
		for k := 0; k < dim; k += kernels.Block {
			copy(b.in[k*blockRows+i*kernels.Block:], row[k:min(k+kernels.Block, dim)])
		}
	}
}

// multiply computes out for n vectors of the block.
func (b *blocks) multiply(n int) {
	a := &b.args
	a.Input(kernels.At(b.in, 0), b.runs)
	a.CStride = blockRows * kernels.Block * 4
	a.Residual, a.Act = nil, kernels.None
	for _, p := range b.matrix.Panels {
		a.C = kernels.At(b.out, p.First*blockRows*kernels.Block)
		b.set.GEMM(a, b.matrix, p, 1, n, 0, 0)
	}
}

// collect hands pairs that may be alike to the forest, each once.
func (b *blocks) collect(from, n, first, rows int, f *forest) {
	b.pairs = b.pairs[:0]
	least := f.threshold - f.doubt
	for i := range n {
		length := b.lengths[i]
		if length == 0 {
			continue
		}
		bound := float32(least * length)
		for j := max(0, from+i+1-first); j < rows; j++ {
			v := b.out[(j/kernels.Block*blockRows+i)*kernels.Block+j%kernels.Block]
			if v >= bound && b.norms[first+j] > 0 {
				b.pairs = append(b.pairs, pair{int32(from + i), int32(first + j), float64(v) / length})
			}
		}
	}
	if len(b.pairs) > 0 {
		f.join(b.pairs)
	}
}
