package preprocess

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"testing"
)

// exifOf is an EXIF block with one orientation entry.
func exifOf(order binary.AppendByteOrder, kind uint16, count, value uint32) []byte {
	mark := "II*\x00"
	if order == binary.AppendByteOrder(binary.BigEndian) {
		mark = "MM\x00*"
	}
	b := order.AppendUint32([]byte(mark), 8)
	b = order.AppendUint16(b, 1)
	b = order.AppendUint16(b, tagOrientation)
	b = order.AppendUint16(b, kind)
	b = order.AppendUint32(b, count)
	if kind == typeShort {
		b = order.AppendUint16(b, uint16(value))
		return append(b, 0, 0)
	}
	return order.AppendUint32(b, value)
}

func TestEXIFOrientation(t *testing.T) {
	good := exifOf(binary.LittleEndian, typeShort, 1, 6)
	far := bytes.Clone(good)
	binary.LittleEndian.PutUint32(far[4:], 1<<31)
	tests := []struct {
		name  string
		block []byte
		want  int
	}{
		{"little-endian", good, 6},
		{"big-endian", exifOf(binary.BigEndian, typeShort, 1, 8), 8},
		{"behind its mark", append([]byte("Exif\x00\x00"), good...), 6},
		{"long", exifOf(binary.BigEndian, typeLong, 1, 3), 3},
		{"none", nil, 1},
		{"zero", exifOf(binary.LittleEndian, typeShort, 1, 0), 1},
		{"nine", exifOf(binary.LittleEndian, typeShort, 1, 9), 1},
		{"a float", exifOf(binary.LittleEndian, 11, 1, 6), 1},
		{"no values", exifOf(binary.LittleEndian, typeShort, 0, 6), 1},
		{"2^32-1 values", exifOf(binary.LittleEndian, typeLong, 1<<32-1, 1<<31), 1},
		{"directory beyond the block", far, 1},
		{"entry cut", good[:len(good)-1], 1},
		{"header alone", good[:8], 1},
		{"noise", []byte("IIxxxxxxxxxxxxxxxx"), 1},
	}
	for _, tt := range tests {
		if got := exifOrientation(tt.block); got != tt.want {
			t.Errorf("%s: orientation %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestOrient turns a picture of 3×2 whose pixels are numbered, as the TIFF
// specification says where row 0 and column 0 lie.
func TestOrient(t *testing.T) {
	want := map[int]string{
		1: "012 345", 2: "210 543", 3: "543 210", 4: "345 012",
		5: "03 14 25", 6: "30 41 52", 7: "52 41 30", 8: "25 14 03",
	}
	for o, rows := range want {
		img := image.NewNRGBA(image.Rect(0, 0, 3, 2))
		for i := range 6 {
			img.SetNRGBA(i%3, i/3, color.NRGBA{byte(i), byte(i), byte(i), 255})
		}
		var got string
		turned := orient(img, o)
		for y := range turned.Rect.Dy() {
			if y > 0 {
				got += " "
			}
			for x := range turned.Rect.Dx() {
				got += fmt.Sprint(turned.NRGBAAt(x, y).R)
			}
		}
		if got != rows {
			t.Errorf("orientation %d gives %q, want %q", o, got, rows)
		}
	}
}

// TestOrientLarge holds the squares of transpose to the definition.
func TestOrientLarge(t *testing.T) {
	const w, h = 70, 45
	for o := 5; o <= 8; o++ {
		img := image.NewNRGBA(image.Rect(0, 0, w, h))
		for i := range img.Pix {
			img.Pix[i] = byte(i * 7)
		}
		got := orient(img, o)
		for y := range w {
			for x := range h {
				sx, sy := y, x
				if o == 7 || o == 8 {
					sx = w - 1 - y
				}
				if o == 6 || o == 7 {
					sy = h - 1 - x
				}
				if got.NRGBAAt(x, y) != img.NRGBAAt(sx, sy) {
					t.Fatalf("orientation %d: pixel (%d,%d) is not (%d,%d)", o, x, y, sx, sy)
				}
			}
		}
	}
}

// TestEightOrientationsAgree decodes the same photo stored in eight ways.
func TestEightOrientationsAgree(t *testing.T) {
	for o := 1; o <= 8; o++ {
		data := readFile(t, fmt.Sprintf("../../testdata/broken/exif/%d.jpg", o))
		upright, err := Decode(data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		first, err := Decode(readFile(t, "../../testdata/broken/exif/1.jpg"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if upright.Width != 96 || upright.Height != 64 {
			t.Errorf("%d.jpg is %d×%d, want 96×64", o, upright.Width, upright.Height)
			continue
		}
		if d := meanDifference(upright.RGB, first.RGB); d > 1.5 {
			t.Errorf("%d.jpg differs from 1.jpg by %.2f levels in the mean", o, d)
		}
		stored, err := Decode(data, Options{NoEXIF: true})
		if err != nil {
			t.Fatal(err)
		}
		if turned := stored.Width == 64 && stored.Height == 96; turned != (o >= 5) {
			t.Errorf("%d.jpg as stored is %d×%d", o, stored.Width, stored.Height)
		}
		if o > 1 && stored.Width == 96 && meanDifference(stored.RGB, first.RGB) < 10 {
			t.Errorf("%d.jpg is upright with NoEXIF", o)
		}
	}
}

// TestBrokenEXIFIsIgnored puts noise where EXIF belongs.
func TestBrokenEXIFIsIgnored(t *testing.T) {
	want, err := Decode(pillowFile(t, "rgb.png"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	good := exifOf(binary.LittleEndian, typeShort, 1, 6)
	for n := range good {
		p, err := Decode(insertChunk(pillowFile(t, "rgb.png"), "eXIf", good[:n]), Options{})
		if err != nil || !bytes.Equal(p.RGB.Pix, want.RGB.Pix) {
			t.Errorf("EXIF cut to %d bytes: %v", n, err)
		}
	}
	turned, err := Decode(insertChunk(pillowFile(t, "rgb.png"), "eXIf", good), Options{})
	if err != nil || turned.Width != want.Height {
		t.Errorf("whole EXIF does not turn: %v", err)
	}
}

func meanDifference(a, b *image.NRGBA) float64 {
	sum := 0
	for i, v := range a.Pix {
		sum += max(int(v)-int(b.Pix[i]), int(b.Pix[i])-int(v))
	}
	return float64(sum) / float64(len(a.Pix))
}

func FuzzEXIF(f *testing.F) {
	f.Add(exifOf(binary.LittleEndian, typeShort, 1, 6))
	f.Add(exifOf(binary.BigEndian, typeLong, 1, 3))
	f.Add(append([]byte("Exif\x00\x00"), exifOf(binary.BigEndian, typeShort, 3, 3)...))
	f.Fuzz(func(t *testing.T, block []byte) {
		if o := exifOrientation(block); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
