package kernels

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/effnet/effnet/internal/testkit"
)

// aligned returns n signed values at a 64-byte boundary.
func aligned(n int) []float32 { return testkit.NewRandom(18).Fill(Alloc(n)) }

// reportFLOPS tells the rate of products, each two operations.
func reportFLOPS(b *testing.B, products int) {
	b.ReportMetric(2*float64(products)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOPS")
}

// BenchmarkGEMM times every tile of every tier over about 56 pixels, for the
// depths of the first, a middle and a late layer.
func BenchmarkGEMM(b *testing.B) {
	for _, s := range Sets() {
		for _, x := range gemmTiles(s) {
			for _, k := range []int{16, 40, 240} {
				b.Run(fmt.Sprintf("%s/%v/K%d", s.Tier, x, k), func(b *testing.B) { benchmarkTile(b, x.kernel, x.vecs, x.rows, k, None) })
			}
		}
	}
}

// BenchmarkGEMMActivations times the tallest tiles with each activation.
func BenchmarkGEMMActivations(b *testing.B) {
	for _, s := range Sets() {
		for v := range s.gemm {
			r := s.tileRows(v)
			for act := None; act <= SiLU && r > 0; act++ {
				name := fmt.Sprintf("%s/%dx%d/K40/%v", s.Tier, v, r, act)
				b.Run(name, func(b *testing.B) { benchmarkTile(b, s.gemm[v][r], v, r, 40, act) })
			}
		}
	}
}

func benchmarkTile(b *testing.B, kernel func(*GEMMArgs), v, r, k int, act Activation) {
	x := gemmShape{vecs: v, mr: r, k: k, tiles: max(1, 56/r), rows: 1}
	in, out := x.a(), x.c()
	args := GEMMArgs{
		B: address(aligned(k * v * Block)), C: address(aligned(out.len())),
		Bias: address(aligned(v * Block)), CStride: out.stride() * 4,
		Tiles: x.tiles, Rows: 1, Act: act, MR: r, Vecs: v,
	}
	args.Input(address(aligned(in.len())), Runs(k, 0, in.stride()*4))
	for b.Loop() {
		kernel(&args)
	}
	reportFLOPS(b, x.pixels()*k*v*Block)
}

// BenchmarkDepthwise times every kernel of every tier over four rows of about
// 56 pixels.
func BenchmarkDepthwise(b *testing.B) {
	for _, s := range Sets() {
		for k := range s.depthwise {
			for stride := range s.depthwise[k] {
				for mc, kernel := range s.depthwise[k][stride] {
					if kernel != nil {
						x := depthwiseShape{kernel: k, stride: stride, mc: mc, tiles: max(1, 56/mc), rows: 4}
						name := fmt.Sprintf("%s/%dx%ds%dc%d", s.Tier, k, k, stride, mc)
						b.Run(name, func(b *testing.B) { benchmarkFilter(b, kernel, x) })
					}
				}
			}
		}
	}
}

func benchmarkFilter(b *testing.B, kernel func(*DepthwiseArgs), x depthwiseShape) {
	ptrs := make([]unsafe.Pointer, x.inRows())
	for i := range ptrs {
		ptrs[i] = address(aligned(x.inWidth() * Block))
	}
	out := x.out()
	args := DepthwiseArgs{
		RowPtrs: unsafe.SliceData(ptrs), W: address(aligned(x.kernel * x.kernel * Block)), Bias: address(aligned(Block)),
		Out: address(aligned(out.len())), OutStride: out.row() * 4, Tiles: x.tiles, OutRows: x.rows,
		Act: ReLU6, MC: x.mc, Kernel: x.kernel, Stride: x.stride,
	}
	for b.Loop() {
		kernel(&args)
	}
	reportFLOPS(b, x.rows*x.cols()*x.kernel*x.kernel*Block)
}

// BenchmarkVectors times the kernels on 196 vectors, a map of 14×14 pixels. The
// values are ones that no kernel takes to denormals however often it runs.
func BenchmarkVectors(b *testing.B) {
	const n = 196
	for _, s := range Sets() {
		x := constant(n*Block, 30)
		args := VectorArgs{X: address(x), Out: address(constant(Block, 1)), N: n, Scale: 1.0 / n}
		for _, kernel := range []struct {
			name string
			run  func(*VectorArgs)
		}{{"Silu", s.Silu}, {"Sigmoid", s.Sigmoid}, {"Sum", s.Sum}, {"Scale", s.Scale}} {
			b.Run(fmt.Sprintf("%s/%s", s.Tier, kernel.name), func(b *testing.B) {
				args := args
				if kernel.name == "Sum" {
					args.Out = address(make([]float32, Block))
				}
				for b.Loop() {
					kernel.run(&args)
				}
				reportVectors(b, n)
			})
		}
		b.Run(fmt.Sprintf("%s/ScaleRows", s.Tier), func(b *testing.B) {
			rows := ScaleRowsArgs{Dst: address(Alloc(n * Block)), Src: address(x), Factors: address(x), N: n / 4, Vecs: 4}
			for b.Loop() {
				s.ScaleRows(&rows)
			}
			reportVectors(b, n)
		})
	}
}

// constant returns n values v at a 64-byte boundary.
func constant(n int, v float32) []float32 {
	x := Alloc(n)
	for i := range x {
		x[i] = v
	}
	return x
}

func reportVectors(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/vector")
}

// BenchmarkIm2col times a row of the stem at 224×224.
func BenchmarkIm2col(b *testing.B) {
	const cols = 112
	r := StemRow{In: aligned(224 * 224 * 3), H: 224, W: 224, Stride: 2, PadTop: 1, PadLeft: 1}
	dst := aligned(2 * cols * Block)
	for b.Loop() {
		r.Im2col(dst, 5, cols)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/cols, "ns/pixel")
}
