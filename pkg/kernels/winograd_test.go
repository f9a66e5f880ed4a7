package kernels

import (
	"fmt"
	"math"
	"testing"

	"github.com/effnet/effnet/internal/testkit"
)

// winogradPixels and winogradSums are the transforms' matrices, whose products
// with winogradFilter are a convolution.
var (
	winogradPixels = [WinogradPoints][WinogradPoints]float64{
		{1, -1.5, -2, 1.5, 1, 0},
		{0, -1, 0.5, 2.5, 1, 0},
		{0, 1, -2.5, 0.5, 1, 0},
		{0, -2, -1, 2, 1, 0},
		{0, 0.5, -1, -0.5, 1, 0},
		{0, 1, -1.5, -2, 1.5, 1},
	}
	winogradSums = [WinogradTile][WinogradPoints]float64{
		{1, 1, 1, 1, 1, 0},
		{0, 1, -1, 0.5, -2, 0},
		{0, 1, 1, 0.25, 4, 0},
		{0, 1, -1, 0.125, -8, 1},
	}
)

// Every output takes every tap of the pixels below it once and nothing else.
func TestWinogradIsAConvolution(t *testing.T) {
	for y := range WinogradTile {
		for x := range WinogradPoints {
			for tap := range 3 {
				sum := 0.0
				for p := range WinogradPoints {
					sum += winogradSums[y][p] * winogradPixels[p][x] * winogradFilter[p][tap]
				}
				want := 0.0
				if x == y+tap {
					want = 1
				}
				if math.Abs(sum-want) > 1e-14 {
					t.Errorf("output %d takes tap %d of pixel %d %v times, want %v", y, tap, x, sum, want)
				}
			}
		}
		if winogradSums[y][winogradBias] != 1 {
			t.Errorf("output %d takes the bias %v times", y, winogradSums[y][winogradBias])
		}
	}
}

// winogradMemory is memory for calls, one after the other.
type winogradMemory struct {
	in, out *testkit.Guarded
	place   placement
}

func newWinogradMemory(tb testing.TB) *winogradMemory {
	g := guards(tb, 2, 1<<15)
	return &winogradMemory{in: g[0], out: g[1]}
}

// run calls kernel on a copy of in and gives n values of output.
func (m *winogradMemory) run(t *testing.T, kernel func(*WinogradArgs), in []float32, n int, a WinogradArgs) []float32 {
	t.Helper()
	gotIn, out := m.place.next().in(m.in, len(in)), m.place.next().in(m.out, n)
	copy(gotIn, in)
	for i := range out {
		out[i] = untouched
	}
	a.In, a.Out = address(gotIn), address(out)
	if testkit.Faults(func() { kernel(&a) }) {
		t.Fatalf("%d tiles: touches memory that is not its own", a.Tiles)
	}
	same(t, a.Tiles, "In", gotIn, in)
	return out
}

// untouched marks what no kernel should write.
const untouched = -12345

// winogradPitches are distances of points in vectors for a number of tiles.
func winogradPitches(tiles int) []int { return []int{tiles, tiles + 1, tiles + 7} }

func proveWinogradInput(t *testing.T, s *Set) int {
	m := newWinogradMemory(t)
	random := testkit.NewRandom(30)
	for tiles := 1; tiles <= 33; tiles++ {
		for _, pitch := range winogradPitches(tiles) {
			in := random.Signeds((tiles*WinogradTile + 2) * Block)
			n := ((WinogradPoints-1)*pitch + tiles) * Block
			got := m.run(t, s.WinogradInput, in, n, WinogradArgs{Stride: pitch * blockBytes, Tiles: tiles})
			for i := range got {
				p, tile, c := i/Block/pitch, i/Block%pitch, i%Block
				if tile >= tiles {
					if got[i] != untouched {
						t.Fatalf("%d tiles: writes %v between the points", tiles, got[i])
					}
					continue
				}
				sum, abs := 0.0, 0.0
				for x, f := range winogradPixels[p] {
					v := f * float64(in[(tile*WinogradTile+x)*Block+c])
					sum, abs = sum+v, abs+2*math.Abs(v)
				}
				if bound := testkit.SumBound(1, WinogradPoints, abs); !testkit.Within(got[i], sum, bound) {
					t.Fatalf("%d tiles: tile %d at point %d is %v, want %v ± %v", tiles, tile, p, got[i], sum, bound)
				}
			}
		}
	}
	return 1
}

func proveWinogradOutput(t *testing.T, s *Set) int {
	m := newWinogradMemory(t)
	random := testkit.NewRandom(31)
	for tiles := 1; tiles <= 33; tiles++ {
		for _, pitch := range winogradPitches(tiles) {
			for _, act := range []Activation{None, ReLU6, SiLU} {
				in := random.Signeds(((WinogradPoints-1)*pitch + tiles) * Block)
				got := m.run(t, s.WinogradOutput, in, tiles*WinogradTile*Block, WinogradArgs{Stride: pitch * blockBytes, Tiles: tiles, Act: act})
				for i := range got {
					y, tile, c := i/Block%WinogradTile, i/Block/WinogradTile, i%Block
					sum, abs := 0.0, 0.0
					for p, f := range winogradSums[y] {
						v := f * float64(in[(p*pitch+tile)*Block+c])
						sum, abs = sum+v, abs+math.Abs(v)
					}
					bound := testkit.SumBound(1, WinogradPoints, abs)
					if act == ReLU6 {
						sum = min(max(sum, 0), 6)
					}
					if !testkit.Within(got[i], sum, bound) {
						t.Fatalf("%d tiles: output %d of tile %d is %v, want %v ± %v", tiles, y, tile, got[i], sum, bound)
					}
				}
			}
		}
	}
	return 1
}

// A NaN or an infinity of a pixel leaves no finite output in the tiles in whose
// middle it is, and every other channel as it was.
func TestWinogradCarriesSpecialValues(t *testing.T) {
	random := testkit.NewRandom(32)
	const tiles = 3
	for _, s := range Sets() {
		m := newWinogradMemory(t)
		for _, v := range []float32{nan32, inf32, -inf32} {
			pixel, channel := random.IntN(tiles*WinogradTile+2), random.IntN(Block)
			in := random.Signeds((tiles*WinogradTile + 2) * Block)
			in[pixel*Block+channel] = v
			points := m.run(t, s.WinogradInput, in, WinogradPoints*tiles*Block, WinogradArgs{Stride: tiles * blockBytes, Tiles: tiles})
			points = append([]float32(nil), points...)
			out := m.run(t, s.WinogradOutput, points, tiles*WinogradTile*Block, WinogradArgs{Stride: tiles * blockBytes, Tiles: tiles})
			for i, got := range out {
				first := i / Block / WinogradTile * WinogradTile
				// A tile whose first or last pixel it is has outputs without it.
				taken := i%Block == channel && pixel > first && pixel < first+WinogradPoints-1
				if finite := !math.IsNaN(float64(got)) && !math.IsInf(float64(got), 0); taken && finite {
					t.Errorf("%s: %v in pixel %d: output %d is %v", s.Tier, v, pixel, i/Block, got)
				} else if i%Block != channel && !finite {
					t.Errorf("%s: %v in channel %d: channel %d is %v", s.Tier, v, channel, i%Block, got)
				}
			}
		}
	}
}

func proveAdd(t *testing.T, s *Set) int {
	g := guards(t, 2, 1<<15)
	random := testkit.NewRandom(33)
	var place placement
	for _, n := range runs() {
		x, y := random.Signeds(n*Block), random.Signeds(n*Block)
		want := make([]float32, len(x))
		for i := range want {
			want[i] = x[i] + y[i]
		}
		gx, gy := place.next().in(g[0], len(x)), place.next().in(g[1], len(y))
		copy(gx, x)
		copy(gy, y)
		a := VectorArgs{X: address(gx), Out: address(gy), N: n}
		if testkit.Faults(func() { s.Add(&a) }) {
			t.Fatalf("%d vectors: touches memory that is not its own", n)
		}
		same(t, n, "X", gx, want)
		same(t, n, "Out", gy, y)
	}
	return 1
}

// BenchmarkWinograd times the transforms of a row of 96 pixels.
func BenchmarkWinograd(b *testing.B) {
	const tiles = 96 / WinogradTile
	for _, s := range Sets() {
		pixels, points := constant((tiles*WinogradTile+2)*Block, 1), constant(WinogradPoints*tiles*Block, 1)
		for _, way := range []struct {
			name    string
			kernel  func(*WinogradArgs)
			in, out []float32
		}{{"input", s.WinogradInput, pixels, points}, {"output", s.WinogradOutput, points, pixels}} {
			b.Run(fmt.Sprintf("%s/%s", s.Tier, way.name), func(b *testing.B) {
				a := WinogradArgs{In: address(way.in), Out: address(way.out), Stride: tiles * blockBytes, Tiles: tiles}
				for b.Loop() {
					way.kernel(&a)
				}
				reportVectors(b, tiles*WinogradTile)
			})
		}
	}
}
