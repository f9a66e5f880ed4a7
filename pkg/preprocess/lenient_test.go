package preprocess

import (
	"bytes"
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
