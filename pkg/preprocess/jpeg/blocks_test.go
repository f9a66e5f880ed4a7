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

// plainBlock decodes a block code by code (T.81, F.2.2).
func plainBlock(b *bitReader, dc, ac *huffTable, pred *int32, out *[64]int16) error {
	diff, err := b.difference(dc)
	if err != nil {
		return err
	}
	*pred += diff
	out[0] = int16(*pred)
	for k := 1; k < 64; k++ {
		symbol, err := b.symbol(ac)
		if err != nil {
			return err
		}
		size := uint(symbol & 15)
		if size == 0 && symbol != 0xf0 {
			return nil
		}
		if k += int(symbol >> 4); k > 63 {
			return errIndex
		}
		if size > 0 {
			out[zigzag[k]] = int16(extend(b.bits(size), size))
		}
	}
	return nil
}

// Decoding a block with look-ups of two codes, and passing over it, take the
// same bits and find the same faults as decoding it code by code.
func TestBlocksEqualPlainOnes(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	faults := map[error]int{}
	for round := range 400 {
		dc, ac := new(huffTable), new(huffTable)
		dc.setStandard(0, 0)
		ac.setStandard(1, byte(round%2))
		if round%3 > 0 {
			ac = randomTable(t, random)
		}
		ac.preparePairs()
		var plain, decoded, passed bitReader
		data := randomData(random, round%5 == 0)
		for _, b := range []*bitReader{&plain, &decoded, &passed} {
			b.begin(data, 0)
		}
		pred := int32(0)
		take := []unit{{c: new(component), dc: dc, ac: ac}}
		pass := []unit{{c: new(component), dc: dc, ac: ac, coefs: make([]int16, 1)}}
		for plain.left() >= 0 {
			var want, got [64]int16
			take[0].coefs = got[:]
			err := plainBlock(&plain, dc, ac, &pred, &want)
			errs := []error{err, decoded.blocks(take, 0, &zigzag), passed.passBlocks(pass, 0, true)}
			if errs[1] != err || errs[2] != err {
				t.Fatalf("plain, decoded, passed: %v", errs)
			}
			if faults[err]++; err != nil {
				break
			}
			if want != got || pass[0].coefs[0] != want[0] {
				t.Fatalf("decoded %v, passed %v, want %v", got, pass[0].coefs, want)
			}
			if n := plain.left(); decoded.left() != n || passed.left() != n {
				t.Fatalf("%d bits left after decoding, %d after passing, want %d", decoded.left(), passed.left(), n)
			}
			for _, b := range []*bitReader{&plain, &decoded, &passed} {
				b.fill()
			}
		}
	}
	for _, err := range []error{nil, errCode, errIndex} {
		if faults[err] < 20 {
			t.Errorf("%v was met %d times", err, faults[err])
		}
	}
}

// randomData is entropy-coded data without markers, with many zero bits where
// asked.
func randomData(random *rand.Rand, zeros bool) []byte {
	data := make([]byte, 2000)
	for i := range data {
		data[i] = byte(random.Uint32())
		if zeros {
			data[i] &= byte(random.Uint32())
		}
		if data[i] == 0xff {
			data[i] = 0
		}
	}
	return data
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
