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

// sparseBlock makes a block with a few coefficients, in natural order.
func sparseBlock(random *rand.Rand) (block [64]int16) {
	for range random.IntN(12) {
		block[zigzag[random.IntN(1+random.IntN(64))]] = int16(random.IntN(401) - 200)
	}
	return block
}

// Blocks of every sparsity are within one level of the definition.
func TestInverseDCT(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var quant [64]int16
	for range 3000 {
		block := sparseBlock(random)
		var wide [64]int32
		for i := range quant {
			quant[i] = int16(1 + random.IntN(3))
			wide[i] = int32(block[i] * quant[i])
		}
		want := inverseDCTFloat(&wide)
		var got [64]byte
		inverseDCT(block[:], &quant, got[:], 8)
		for i, w := range want {
			if !(math.Abs(float64(got[i])-w) <= 1) {
				t.Fatalf("sample %d is %d, want %.2f", i, got[i], w)
			}
		}
		if block != [64]int16{} {
			t.Fatal("the block is not zeroed")
		}
	}
}

func TestZigzag(t *testing.T) {
	seen := [64]bool{}
	row, col := 0, 0
	for k, at := range zigzag {
		if int(at) != row*8+col || seen[at] {
			t.Fatalf("index %d lies at %d, want row %d, column %d", k, at, row, col)
		}
		seen[at] = true
		switch up := (row+col)%2 == 0; {
		case up && col == 7, !up && row < 7 && col == 0:
			row++
		case up && row == 0, !up && row == 7:
			col++
		case up:
			row, col = row-1, col+1
		default:
			row, col = row+1, col-1
		}
	}
}
