package jpeg

import (
	"errors"
	"math/rand/v2"
	"testing"
)

// randomTable makes a code with lengths up to 16.
func randomTable(t *testing.T, random *rand.Rand) *huffTable {
	var counts [16]uint8
	var symbols []byte
	room := 1 << 16
	for length := range counts {
		size := 1 << (15 - length)
		n := min(random.IntN(1+min(room/size, 12)), 162-len(symbols))
		counts[length] = uint8(n)
		room -= n * size
		for range n {
			symbol := byte(random.Uint32())
			if random.IntN(3) > 0 {
				symbol &= 0x13
			}
			symbols = append(symbols, symbol)
		}
	}
	h := new(huffTable)
	if err := h.build(&counts, symbols); err != nil {
		t.Fatal(err)
	}
	return h
}

// Passing over a block takes the same bits and finds the same faults as
// decoding it.
func TestPassedBlocksEqualDecodedOnes(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	faults := map[error]int{}
	for round := range 400 {
		dc, ac := new(huffTable), new(huffTable)
		dc.setStandard(0, 0)
		ac.setStandard(1, byte(round%2))
		if round%3 > 0 {
			ac = randomTable(t, random)
		}
		ac.prepareSkip()
		data := make([]byte, 2000)
		for i := range data {
			data[i] = byte(random.Uint32())
			if round%5 == 0 {
				data[i] &= byte(random.Uint32())
			}
			if data[i] == 0xff {
				data[i] = 0
			}
		}
		var decoded, passed bitReader
		decoded.begin(data, 0)
		passed.begin(data, 0)
		var preds [2]int32
		for decoded.left() >= 0 {
			var out [64]int16
			err := decoded.block(dc, ac, &preds[0], &out, &zigzag)
			if got := passed.passBlock(dc, ac, &preds[1]); got != err || preds[0] != preds[1] {
				t.Fatalf("passed: %v, prediction %d; decoded: %v, %d", got, preds[1], err, preds[0])
			}
			if faults[err]++; err != nil {
				break
			}
			if decoded.left() != passed.left() {
				t.Fatalf("%d bits left after passing, %d after decoding", passed.left(), decoded.left())
			}
			decoded.fill()
			passed.fill()
		}
	}
	for _, err := range []error{nil, errCode, errIndex} {
		if faults[err] < 20 {
			t.Errorf("%v was met %d times", err, faults[err])
		}
	}
}

// The window slides over stuffed bytes and ends wherever a marker stands.
func TestBitsThroughTheWindow(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 16))
	for range 200 {
		var want, data []byte
		for range random.IntN(3 * window) {
			v := byte(random.Uint32())
			if random.IntN(9) == 0 {
				v = 0xff
			}
			want = append(want, v)
			if data = append(data, v); v == 0xff {
				for range random.IntN(3) - 1 {
					data = append(data, 0xff)
				}
				data = append(data, 0)
			}
		}
		end := len(data)
		switch random.IntN(3) {
		case 0:
			data = append(data, 0xff, markerEOI, 1, 2, 3)
		case 1:
			data = append(data, 0xff, 0xff, markerRST0)
		}
		var b bitReader
		b.begin(data, 0)
		for i, v := range want {
			if b.fill(); b.bits(8) != int32(v) {
				t.Fatalf("byte %d of %d differs", i, len(want))
			}
		}
		b.fill()
		if n, _ := b.leftover(); b.left() != 0 || n != 0 || b.end() != end {
			t.Fatalf("%d bits left, end at %d, want %d", b.left(), b.end(), end)
		}
	}
}

// What is left out is held to the same strictness as what is decoded.
func TestDamageOutsideTheRegionIsFound(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 18))
	for _, s := range matrix(t)[:280] {
		damaged := append([]byte(nil), s.data...)
		damaged[len(damaged)*2/3+random.IntN(len(damaged)/4)] ^= 1 << random.IntN(8)
		_, err := Decode(damaged, Options{})
		for _, o := range []Options{{Scale: 8}, {Region: onePixel}, {Scale: 2, Region: onePixel}} {
			_, got := Decode(damaged, o)
			if text(got) != text(err) {
				t.Fatalf("%s, %+v: %v, whole: %v", describe(s), o, got, err)
			}
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// errors of a row end decoding and come back as they are.
func TestRowErrorIsReturned(t *testing.T) {
	stop := errors.New("enough")
	for _, name := range []string{"420-restart", "420-progressive", "420-separate-scans"} {
		for _, lenient := range []bool{false, true} {
			r, err := NewReader(goldenFile(t, name), Options{Lenient: lenient})
			if err != nil {
				t.Fatal(err)
			}
			rows := 0
			err = r.Rows(func(int, []byte) error {
				if rows++; rows == 3 {
					return stop
				}
				return nil
			})
			if err != stop || rows != 3 {
				t.Errorf("%s: %d rows, error %v", name, rows, err)
			}
		}
	}
}
