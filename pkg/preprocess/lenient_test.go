package preprocess

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestLenient decodes files without their end: marked, of the right size, and
// right where the data reached.
func TestLenient(t *testing.T) {
	tests := []struct {
		name string
		data []byte
		drop int // bytes that are cut off
		rows int // first rows that must be as in the whole picture
	}{
		{"rgb.png", pillowFile(t, "rgb.png"), 80, 4},
		{"palette.png", pillowFile(t, "palette.png"), 40, 4},
		{"rgba.png", pillowFile(t, "rgba.png"), 80, 4},
		{"16-rgb.png", pillowFile(t, "16-rgb.png"), 200, 4},
		{"no-canvas.gif", pillowFile(t, "no-canvas.gif"), 10, 3},
		{"gray.gif", pillowFile(t, "gray.gif"), 30, 4},
		{"quality95.webp", pillowFile(t, "quality95.webp"), 60, 8},
		{"lossless.webp", pillowFile(t, "lossless.webp"), 30, 4},
		{"JPEG", readFile(t, "../../testdata/broken/good.jpg"), 30, 8},
		{"top-down.bmp", pillowFile(t, "top-down.bmp"), 40, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			whole, err := Decode(tt.data, Options{Lenient: true})
			if err != nil || whole.Damaged {
				t.Fatalf("whole file: %v, %+v", err, whole)
			}
			p, err := Decode(tt.data[:len(tt.data)-tt.drop], Options{Lenient: true})
			if err != nil {
				t.Fatal(err)
			}
			if !p.Damaged || p.Width != whole.Width || p.Height != whole.Height {
				t.Errorf("damaged %v, %d×%d, want %d×%d", p.Damaged, p.Width, p.Height, whole.Width, whole.Height)
			}
			n := tt.rows * whole.RGB.Stride
			if !bytes.Equal(p.RGB.Pix[:n], whole.RGB.Pix[:n]) {
				t.Errorf("the first %d rows differ from the whole picture's", tt.rows)
			}
		})
	}
}

// TestLenientFilter decodes PNGs in which a row's filter does not exist: from
// there on nothing is known.
func TestLenientFilter(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for interlace := range byte(2) {
		header := pngHeader(9, 9, 8, 2, interlace)
		f := &pngFile{}
		f.readHeader(header)
		raw := make([]byte, f.rawLen())
		at := 0
		for _, p := range f.passes() {
			for range p.rows {
				for i := range raw[at:][:p.bytes] {
					raw[at+i] = byte(random.Uint32())
				}
				raw[at] = byte(random.IntN(lastFilter + 1))
				at += int(p.bytes)
			}
		}
		picture := func(raw []byte) []byte {
			return pngWith(pngChunk("IHDR", header), pngChunk("IDAT", zlibOf(t, raw)))
		}
		last := f.passes()[len(f.passes())-1]
		unknown := slices.Clone(raw)
		unknown[len(raw)-int(last.bytes)] = lastFilter + 1
		if _, err := Decode(picture(unknown), Options{}); err == nil {
			t.Errorf("interlace %d: an unknown filter is let pass", interlace)
		}
		clear(raw[len(raw)-int(last.bytes):])
		want, err := Decode(picture(raw), Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(picture(unknown), Options{Lenient: true})
		if err != nil {
			t.Fatal(err)
		}
		if !got.Damaged || !bytes.Equal(got.RGB.Pix, want.RGB.Pix) {
			t.Errorf("interlace %d: damaged %v, or other pixels than with the last row missing", interlace, got.Damaged)
		}
	}
}

// TestLenientChecksum decodes a PNG whose data is right and whose checksum is
// wrong.
func TestLenientChecksum(t *testing.T) {
	for _, name := range []string{"rgb.png", "interlaced.png", "palette-transparent.png", "gray2.png"} {
		data := pillowFile(t, name)
		whole, err := Decode(data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := Decode(badCRC(t, data, "IDAT"), Options{Lenient: true})
		if err != nil {
			t.Fatal(err)
		}
		if !p.Damaged || !bytes.Equal(p.RGB.Pix, whole.RGB.Pix) {
			t.Errorf("%s: damaged %v, or other pixels", name, p.Damaged)
		}
	}
}
