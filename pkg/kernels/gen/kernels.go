package main

import "fmt"

// blockBytes is one pixel of a channel block.
const blockBytes = 64

// tile is one matrix kernel: rows pixels by vecs channel blocks, all sums in
// registers. Of a half tile's last block only the first half is computed.
type tile struct {
	vecs, rows int
	half       bool
}

func (x tile) name(t isa) string {
	half := ""
	if x.half {
		half = "Half"
	}
	return fmt.Sprintf("gemm%dx%d%s%s", x.vecs, x.rows, half, t.name)
}

func (t isa) tiles() []tile {
	var tiles []tile
	for i, tallest := range t.tallest {
		for r := 1; r <= tallest; r++ {
			tiles = append(tiles, tile{vecs: i + 1, rows: r})
		}
		// Rows that are cut into several tiles are never cut lower.
		for r := tallest/2 + 1; t.halfTiles && i > 0 && r <= tallest; r++ {
			tiles = append(tiles, tile{vecs: i + 1, rows: r, half: true})
		}
	}
	return tiles
}

// filter is one depthwise kernel: cols output pixels of one channel block.
type filter struct{ kernel, stride, cols int }

func (x filter) name(t isa) string {
	return fmt.Sprintf("depthwise%dx%ds%dc%d%s", x.kernel, x.kernel, x.stride, x.cols, t.name)
}

// inputs is the number of input pixels in a row of the tile.
func (x filter) inputs() int { return (x.cols-1)*x.stride + x.kernel }

func (t isa) filters() []filter {
	var filters []filter
	for _, kernel := range []int{3, 5} {
		for _, stride := range []int{1, 2} {
			for c := 1; c <= t.widest; c++ {
				if x := (filter{kernel, stride, c}); x.inputs() <= t.reach {
					filters = append(filters, x)
				}
			}
		}
	}
	return filters
}

// vectorKernels are the fields of Set that hold a single kernel.
var vectorKernels = []struct {
	field, name, args string
	family            string
}{
	{"Silu", "silu", "VectorArgs", "vector"},
	{"Sigmoid", "sigmoid", "VectorArgs", "vector"},
	{"Sum", "sum", "VectorArgs", "vector"},
	{"Scale", "scale", "VectorArgs", "vector"},
	{"ScaleRows", "scaleRows", "ScaleRowsArgs", "vector"},
	{"Add", "add", "VectorArgs", "vector"},
	{"Spin", "spin", "VectorArgs", "vector"},
	{"WinogradInput", "winogradInput", "WinogradArgs", "winograd"},
	{"WinogradOutput", "winogradOutput", "WinogradArgs", "winograd"},
	{"ReLU6Slope", "relu6Slope", "SlopeArgs", "gradient"},
	{"SiLUSlope", "siluSlope", "SlopeArgs", "gradient"},
}

// Offsets of GEMMArgs.
const (
	gemmA = 8 * iota
	gemmB
	gemmC
	gemmBias
	gemmResidual
	gemmRuns
	gemmNRuns
	gemmCStride
	gemmASkip
	gemmCSkip
	gemmTiles
	gemmRows
	gemmAct
)

// Offsets of DepthwiseArgs.
const (
	dwRowPtrs = 8 * iota
	dwW
	dwBias
	dwOut
	dwColSkip
	dwOutStride
	dwTiles
	dwOutRows
	dwAct
)

// Offsets of VectorArgs and ScaleRowsArgs.
const (
	vecX     = 0
	vecOut   = 8
	vecN     = 16
	vecScale = 24

	rowsDst     = 0
	rowsSrc     = 8
	rowsFactors = 16
	rowsN       = 24
	rowsVecs    = 32
)

// spinBlocks is how many channel blocks a Spin kernel works on at once: enough
// to hide the latency of a multiply-add, and as many as there are registers for.
func (t isa) spinBlocks() int { return (t.regs - 2*t.halves) / t.halves }

// Offsets of SlopeArgs.
const (
	slopeD = 8 * iota
	slopeX
	slopeS
	slopeN
)

// Offsets of FilterGradArgs.
const (
	fgIn = 8 * iota
	fgD
	fgOut
	fgInRow
	fgRowStep
	fgRows
	fgCols
)

// Offsets of WinogradArgs.
const (
	winoIn = 8 * iota
	winoOut
	winoStride
	winoTiles
	winoAct
)

// Numbers of WinogradArgs.
const (
	winoPoints = 6
	winoTile   = 4
)

// sumLanes is the running sums of a Sum kernel, as sumPortable says.
const sumLanes = 4

// Values of Activation.
const (
	actReLU6 = 1
	actSiLU  = 2
)

// Indices into the Go variable constants.
const (
	kNegLog2e = iota
	kSiluFloor
	kOne
	kSix
	kShift
	kLeast
	kPoly
	kSquareShift = kPoly + 6
	kSquareRest  = kSquareShift + 1
	kSixteenths  = kSquareRest + 1
	kEighths     = kSixteenths + 1
	kSiluCeil    = kEighths + 1
	kCubeShift   = kSiluCeil + 1
	kCubeSlope   = kCubeShift + 1
	kCubeRest    = kCubeSlope + 1
	kHalf        = kCubeRest + 1
	kTwo         = kHalf + 1
	kQuarter     = kTwo + 1
	kFour        = kQuarter + 1
	kEighth      = kFour + 1
	kEight       = kEighth + 1
	kThreeHalfs  = kEight + 1
)
