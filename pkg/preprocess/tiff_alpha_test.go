package preprocess

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	tagStripOffsets = 273
	tagStripLengths = 279
	tagTileOffsets  = 324
	tagTileLengths  = 325
)

// TestTIFFGrayAlpha holds what Pillow writes none of: 16 bits, white as zero,
// tiles, and differences that start anew in each tile.
func TestTIFFGrayAlpha(t *testing.T) {
	const side, width, first, second = 16, 20, 0x1200, 0x3400
	const tile = side * side * 4 // bytes
	tags := []uint32{
		tagWidth, width, tagHeight, 1, tagBits, 16, tagCompression, 1, tagPhotometric, whiteIsZero,
		tagSamples, 2, tagPredictor, 2, tagTileWidth, side, tagTileHeight, side, tagTileOffsets, 0, tagTileLengths, 0,
	}
	arrays := uint32(len(tiffOf(tags...)))
	tags[len(tags)-3], tags[len(tags)-1] = arrays, arrays+8
	data := tiffOf(tags...)
	for entry := len(tags)/2 - 2; entry < len(tags)/2; entry++ {
		data[tiffHeaderLen+entryCountLen+entry*entryLen+4] = 2 // values
	}
	for _, v := range []uint32{arrays + 16, arrays + 16 + tile, tile, tile} {
		data = binary.LittleEndian.AppendUint32(data, v)
	}
	for _, v := range []uint16{first, second} {
		data = append(data, append(le16(nil, v, 0x5600, 0x0101, 1), make([]byte, tile-8)...)...)
	}
	p, err := Decode(data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Concat([]byte{255 - 0x12}, bytes.Repeat([]byte{255 - 0x13}, side-1), []byte{255 - 0x34, 255 - 0x35, 255 - 0x35, 255 - 0x35})
	var got []byte
	for i := 0; i < len(p.RGB.Pix); i += 4 {
		got = append(got, p.RGB.Pix[i])
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestSumPairs(t *testing.T) {
	tests := []struct {
		name     string
		n, block int
		in, want []byte
	}{
		{"bytes", 1, 3, []byte{1, 9, 1, 9, 255, 1}, []byte{1, 9, 2, 18, 1, 19}},
		{"bytes of two blocks", 1, 2, []byte{1, 9, 1, 9, 5, 6, 1, 1}, []byte{1, 9, 2, 18, 5, 6, 6, 7}},
		{"words that carry", 2, 2, []byte{0, 255, 0, 1, 0, 1, 255, 255}, []byte{0, 255, 0, 1, 1, 0, 0, 0}},
		{"words of two blocks", 2, 1, []byte{0, 255, 0, 1, 0, 1, 255, 255}, []byte{0, 255, 0, 1, 0, 1, 255, 255}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := slices.Clone(tt.in)
			sumPairs(got, tt.n, tt.block)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
