package resample

import (
	"math"
	"os"
	"testing"
	"unsafe"

	"github.com/effnet/effnet/internal/testkit"
	"github.com/google/go-cmp/cmp"
)

func TestRequiredTier(t *testing.T) {
	want := os.Getenv("EFFNET_REQUIRE_TIER")
	set, err := Best()
	if err != nil {
		t.Fatal(err)
	}
	if want != "" && string(set.Tier) != want {
		t.Errorf("the tier is %s, not %s", set.Tier, want)
	}
}

// guarded returns n bytes that end at a guard page.
func guarded(t *testing.T, n int) []byte {
	values := testkit.Guard(t, n/4+1).Last(n/4 + 1)
	all := unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), 4*len(values))
	return all[len(all)-n:]
}

func fill(r testkit.Random, b []byte) []byte {
	for i := range b {
		b[i] = byte(r.Uint32() >> uint(r.IntN(2)*8))
		if r.IntN(3) == 0 {
			b[i] = byte(-r.IntN(2))
		}
	}
	return b
}

// fillDigits writes weights whose sum keeps every result within 32 bits.
func fillDigits(r testkit.Random, k []int16, group int) {
	for i := 0; i < len(k); i += 2 * group {
		for j := range group {
			w := int32(r.IntN(1<<23)-1<<22) / int32(len(k)/16+1)
			k[i+j], k[i+group+j] = digits(w)
		}
	}
}

// Horizontal kernels of every tier do what the portable ones do, for every
// number of outputs and groups, both pixel sizes, sources and results that end
// at a guard page.
func TestHorizontal(t *testing.T) {
	random := testkit.NewRandom(1)
	for _, set := range Sets() {
		for _, rows := range []int{1, 4} {
			for n := 1; n <= 19; n++ {
				for groups := 1; groups <= 5; groups++ {
					size := 3 + (n+groups)%2
					width := 4*groups + random.IntN(20)
					over := 4 * (4 - size) // bytes that a group reads too many
					srcStride, dstStride := width*size+over+random.IntN(9), 3*n+1+random.IntN(9)
					src := fill(random, guarded(t, (rows-1)*srcStride+width*size+over))
					dst := guarded(t, (rows-1)*dstStride+3*n+1)
					left := make([]int32, n)
					for i := range left {
						left[i] = int32(random.IntN(width - 4*groups + 1))
					}
					weights := make([]int16, n*groups*8)
					fillDigits(random, weights, 4)
					a := HorizontalArgs{&src[0], srcStride, &dst[0], dstStride, &left[0], &weights[0], groups, n, size, &shuffles[size][0]}
					want := make([]byte, len(dst))
					b := a
					b.Dst = &want[0]
					horizontalPortable(&b, rows)
					if rows == 1 {
						set.Horizontal1(&a)
					} else {
						set.Horizontal4(&a)
					}
					for row := range rows {
						at := row * dstStride
						if d := cmp.Diff(want[at:at+3*n], dst[at:at+3*n]); d != "" {
							t.Fatalf("%s, %d rows, %d outputs, %d groups, row %d: %s", set.Tier, rows, n, groups, row, d)
						}
					}
				}
			}
		}
	}
}

func TestVertical(t *testing.T) {
	random := testkit.NewRandom(2)
	for _, set := range Sets() {
		for n := 32; n <= 32*7; n += 32 {
			for pairs := 1; pairs <= 9; pairs++ {
				stride, rows := n+random.IntN(7), 1+random.IntN(2*pairs+1)
				src := fill(random, guarded(t, (rows-1)*stride+n))
				dst := guarded(t, n)
				offsets := make([]int, 2*pairs)
				for i := range offsets {
					offsets[i] = random.IntN(rows) * stride
				}
				weights := make([]int16, 4*pairs)
				fillDigits(random, weights, 2)
				a := VerticalArgs{&src[0], &offsets[0], &weights[0], pairs, &dst[0], n}
				want := make([]byte, n)
				b := a
				b.Dst = &want[0]
				verticalPortable(&b)
				set.Vertical(&a)
				if d := cmp.Diff(want, dst); d != "" {
					t.Fatalf("%s, %d bytes, %d pairs: %s", set.Tier, n, pairs, d)
				}
			}
		}
	}
}

// normalisations are those of the model files, and odd ones.
var normalisations = []struct {
	mean, std [3]float64
}{
	{[3]float64{0.485, 0.456, 0.406}, [3]float64{0.229, 0.224, 0.225}},
	{[3]float64{127.0 / 255, 127.0 / 255, 127.0 / 255}, [3]float64{128.0 / 255, 128.0 / 255, 128.0 / 255}},
	{[3]float64{0.5, 0.5, 0.5}, [3]float64{0.5, 0.5, 0.5}},
	{[3]float64{}, [3]float64{1, 1, 1}},
	{[3]float64{}, [3]float64{1.0 / 255, 1.0 / 255, 1.0 / 255}},
	{[3]float64{0.485, 0.456, 0.406}, [3]float64{math.Sqrt(0.229), math.Sqrt(0.224), math.Sqrt(0.225)}},
	{[3]float64{1e30, -3, 0.1}, [3]float64{1e-3, 7, 1e5}},
}

// Every tier gives float32((v/255 − mean)/std) for every value of every
// channel, at every tail, into memory that ends at a guard page.
func TestNormaliser(t *testing.T) {
	random := testkit.NewRandom(3)
	for _, set := range Sets() {
		for _, x := range normalisations {
			n := set.Normaliser(x.mean, x.std)
			if (set.Normalise != nil) != (n.constants != nil) {
				t.Errorf("%s: the kernel differs from the table for mean %v and std %v", set.Tier, x.mean, x.std)
			}
			for pixels := 1; pixels <= 300; pixels++ {
				src := guarded(t, 3*pixels)
				for i := range src {
					src[i] = byte(i / 3)
				}
				if pixels != 256 {
					fill(random, src)
				}
				dst := testkit.Guard(t, len(src)).Last(len(src))
				n.row(new(NormaliseArgs), dst, src)
				for i, v := range dst {
					want := float32((float64(src[i])/255 - x.mean[i%3]) / x.std[i%3])
					if math.Float32bits(v) != math.Float32bits(want) {
						t.Fatalf("%s, mean %v: %d in channel %d is %v, want %v", set.Tier, x.mean, src[i], i%3, v, want)
					}
				}
			}
		}
	}
}

// A kernel that differs from the table anywhere is not used.
func TestWrongKernelIsNotUsed(t *testing.T) {
	set := &Set{Normalise: func(a *NormaliseArgs) {}}
	if n := set.Normaliser([3]float64{0.5, 0.5, 0.5}, [3]float64{1, 1, 1}); n.constants != nil {
		t.Error("a kernel that does nothing is trusted")
	}
}
