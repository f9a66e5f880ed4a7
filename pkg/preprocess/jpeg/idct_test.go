package jpeg

import (
	"math"
	"math/rand/v2"
	"testing"
)

// inverseDCTFloat is the definition (T.81, A.3.3), with the level shift.
func inverseDCTFloat(b *[64]int32) (out [64]float64) {
	scale := func(u int) float64 {
		if u == 0 {
			return math.Sqrt2 / 2
		}
		return 1
	}
	for i := range out {
		x, y := i%8, i/8
		for j, c := range b {
			u, v := j%8, j/8
			out[i] += float64(c) * scale(u) * scale(v) / 4 *
				math.Cos(float64((2*x+1)*u)*math.Pi/16) * math.Cos(float64((2*y+1)*v)*math.Pi/16)
		}
		out[i] = min(max(out[i]+128, 0), 255)
	}
	return out
}

// Blocks of every sparsity: the shortcuts give the samples of the full
// transform, which are within one level of the definition.
func TestInverseDCT(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		var block, dense [64]int32
		shape := uint32(0)
		for range random.IntN(12) {
			k := random.IntN(1 + random.IntN(64))
			v := int32(random.IntN(401) - 200)
			shape |= position[k]
			block[position[k]&63] = v
		}
		dense = block
		want := inverseDCTFloat(&block)
		var got, full [64]byte
		inverseDCT(&block, shape, got[:], 8)
		inverseDCT(&dense, math.MaxUint32, full[:], 8)
		if got != full {
			t.Fatalf("shape %#x: %d, full transform %d", shape, got, full)
		}
		for i, w := range want {
			if !(math.Abs(float64(got[i])-w) <= 1) {
				t.Fatalf("sample %d is %d, want %.2f", i, got[i], w)
			}
		}
		if block != [64]int32{} {
			t.Fatal("the block is not zeroed")
		}
	}
}

func TestPositions(t *testing.T) {
	seen := [64]bool{}
	for _, p := range position {
		seen[p&63] = true
	}
	if position[1]&63 != 1 || position[2]&63 != 8 || position[35]&63 != 56 || position[63]&63 != 63 {
		t.Errorf("zigzag order %d %d %d %d", position[1]&63, position[2]&63, position[35]&63, position[63]&63)
	}
	for i, s := range seen {
		if !s {
			t.Errorf("no zigzag index for %d", i)
		}
	}
}
