// Package kernels computes the operators of an EfficientNet on raw memory:
// matrix products with packed weights, depthwise convolutions, activations,
// pooling. It knows nothing of networks.
//
// Activations lie blocked by channels, [C/16][H·W][16]: sixteen channels of a
// pixel are one cache line, a pointwise convolution is a matrix product on the
// activations as they lie, and every offset inside a tile is an immediate.
// Channels beyond C in the last block are zero.
//
// The functions of one instruction set form a Set. All sets compute the same
// sums in the same order of k, one fused or unfused multiply-add after
// another, starting from the bias; how rows are cut into tiles therefore never
// changes a bit.
package kernels

import (
	"fmt"
	"unsafe"

	"github.com/effnet/effnet/internal/cpu"
)

//go:generate go run ./gen

// Block is the number of channels that lie together.
const Block = 16

// blockBytes is the size of one pixel of a channel block.
const blockBytes = Block * 4

// Blocks is the number of channel blocks that hold c channels.
func Blocks(c int) int { return (c + Block - 1) / Block }

// Activation is what a layer applies to its sums.
type Activation int

// The activations of the family. The values are known to the assembly.
const (
	None Activation = iota
	ReLU6
	SiLU
)

func (act Activation) String() string {
	switch act {
	case None:
		return "none"
	case ReLU6:
		return "relu6"
	case SiLU:
		return "silu"
	}
	return fmt.Sprintf("activation(%d)", int(act))
}

// Set is the kernels of one tier.
//
// Assembly cannot be preempted, so a caller keeps one call under about 50 µs.
type Set struct {
	Tier cpu.Tier

	// gemm[v][r] computes tiles of r rows by v channel blocks; nil where the
	// tier has no such tile.
	gemm [maxTileVecs + 1][maxTileRows + 1]func(*GEMMArgs)
	// gemmHalf is gemm where the last half block's weights and bias are zero,
	// and so are its sums; nil where the tier would gain nothing.
	gemmHalf [maxTileVecs + 1][maxTileRows + 1]func(*GEMMArgs)
	// enoughSums is the number of a tile's sums, in channel blocks, from which on
	// a wider tile gains nothing: loads are well below the multiply-adds.
	enoughSums int
	// depthwise[k][s][c] computes tiles of c output pixels for a k×k
	// convolution at stride s.
	depthwise [maxKernel + 1][maxStride + 1][maxTileCols + 1]func(*DepthwiseArgs)

	// Silu applies x·sigmoid(x) in place.
	Silu func(*VectorArgs)
	// Sigmoid applies 1/(1+e^−x) in place.
	Sigmoid func(*VectorArgs)
	// Sum writes the sum over all vectors, times Scale, to Out.
	Sum func(*VectorArgs)
	// Scale multiplies every vector by the one at Out, in place.
	Scale func(*VectorArgs)
	// ScaleRows writes rows of a matrix, each times its own factor.
	ScaleRows func(*ScaleRowsArgs)
	// Add adds as many vectors at Out to those at X.
	Add func(*VectorArgs)
	// WinogradInput and WinogradOutput are the transforms around the products of
	// Winograd's minimal filtering.
	WinogradInput, WinogradOutput func(*WinogradArgs)
	// Spin adds X·Scale to Out N times, fused where the tier fuses, and does the
	// same on further sums that it drops: see PeakFLOPS.
	Spin       func(*VectorArgs)
	spinBlocks int // channel blocks of sums in all

	// ReLU6Slope clears the gradient where 0 < x < 6 does not hold.
	ReLU6Slope func(*SlopeArgs)
	// SiLUSlope multiplies the gradient by s·(1 + x·(1−s)).
	SiLUSlope func(*SlopeArgs)
	// filterGrad[k][s] sums the gradient of a k×k convolution's weights at
	// stride s.
	filterGrad [maxKernel + 1][maxStride + 1]func(*FilterGradArgs)
}

const (
	maxTileVecs = 4
	maxTileRows = 14
	maxTileCols = 8
	maxKernel   = 5
	maxStride   = 2
)

// VectorArgs is a run of N vectors of sixteen channels at X. Out and Scale are
// for the kernels that name them; Out holds sixteen values, or
// for Add N vectors.
type VectorArgs struct {
	X     unsafe.Pointer
	Out   unsafe.Pointer
	N     int
	Scale float32
}

// ScaleRowsArgs asks for Dst[r][·] = Src[r][·]·Factors[r] over N rows of
// Vecs·16 values each.
type ScaleRowsArgs struct {
	Dst, Src, Factors unsafe.Pointer
	N, Vecs           int
}

// Sets lists what this build holds and this machine can run, the portable set
// first and the fastest last.
func Sets() []*Set {
	var runnable []*Set
	have := cpu.Detect()
	for _, s := range builtIn() {
		if have.Has(s.Tier) {
			runnable = append(runnable, s)
		}
	}
	return runnable
}

// Best is the set for this machine, at most the tier that EFFNET_CPU names.
// The error is a *cpu.TierError.
func Best() (*Set, error) {
	var tiers []cpu.Tier
	for _, s := range builtIn() {
		tiers = append(tiers, s.Tier)
	}
	tier, err := cpu.Select(tiers)
	if err != nil {
		return nil, err
	}
	return Lookup(tier)
}

// Lookup finds the set of a tier among Sets.
func Lookup(tier cpu.Tier) (*Set, error) {
	for _, s := range Sets() {
		if s.Tier == tier {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no kernels for tier %q on this machine", tier)
}

func at(p unsafe.Pointer, bytes int) unsafe.Pointer { return unsafe.Add(p, bytes) }

// At is the address of s[i]; i may equal len(s).
func At(s []float32, i int) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(unsafe.SliceData(s)), i*4)
}

// split cuts n into the fewest pieces of at most most, their sizes as even as
// can be: big pieces of size+1 and the rest of size.
func split(n, most int) (pieces, size, big int) {
	pieces = (n + most - 1) / most
	return pieces, n / pieces, n % pieces
}

// sizes are those of split.
func sizes(n, most int) []int {
	pieces, size, big := split(n, most)
	switch big {
	case 0:
		return []int{size}
	case pieces:
		return []int{size + 1}
	}
	return []int{size + 1, size}
}
