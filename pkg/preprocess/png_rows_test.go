package preprocess

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
	"image/png"
	"math/rand/v2"
	"slices"
	"testing"
)

// plainPaeth is the predictor of the PNG specification, 9.4.
func plainPaeth(a, b, c int) int {
	abs := func(v int) int { return max(v, -v) }
	p := a + b - c
	pa, pb, pc := abs(p-a), abs(p-b), abs(p-c)
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func TestPaeth(t *testing.T) {
	for a := range 256 {
		for b := range 256 {
			for c := range 256 {
				if got, want := paeth(a, b, c), plainPaeth(a, b, c); got != want {
					t.Fatalf("paeth(%d, %d, %d) = %d, want %d", a, b, c, got, want)
				}
			}
		}
	}
}

func pngHeader(w, h uint32, depth, colour, interlace byte) []byte {
	header := binary.BigEndian.AppendUint32(nil, w)
	return append(binary.BigEndian.AppendUint32(header, h), depth, colour, 0, 0, interlace)
}

func zlibOf(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pngWith is a PNG of chunks between signature and end.
func pngWith(chunks ...[]byte) []byte {
	return join([]byte(pngSignature), join(chunks...), pngChunk("IEND", nil))
}

// byRows decodes with pngRows alone.
func byRows(d *pngRows, data []byte) (*image.NRGBA, error) {
	f, ok := walkPNG(data)
	if !ok || f.complete() != nil {
		return nil, errNotRows
	}
	out := image.NewNRGBA(image.Rect(0, 0, int(f.width), int(f.height)))
	err := d.decode(f, data, func(y int, row []byte) { asNRGBA(out.Pix[y*out.Stride:][:out.Stride], row, f.rowPixel()) })
	return out, err
}

// filteredRows are rows of any samples, the filters' bytes within bounds.
func filteredRows(random *rand.Rand, w, h, size, filters int) []byte {
	raw := make([]byte, h*(1+w*size))
	for i := range raw {
		if raw[i] = byte(random.Uint32()); i%(1+w*size) == 0 {
			raw[i] = byte(random.IntN(filters))
		}
	}
	return raw
}

func TestRowsEqualImagePNG(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	d := new(pngRows)
	for i := range 600 {
		w, h, size := 1+random.IntN(40), 1+random.IntN(12), 3+i%2
		pixels := zlibOf(t, filteredRows(random, w, h, size, 5))
		cut := random.IntN(len(pixels) + 1)
		data := pngWith(
			pngChunk("IHDR", pngHeader(uint32(w), uint32(h), 8, byte(2+i%2*4), 0)), pngChunk("teXt", []byte("a\x00b")),
			pngChunk("IDAT", pixels[:cut]), pngChunk("IDAT", pixels[cut:]), pngChunk("tIME", nil),
		)
		got, err := byRows(d, data)
		if err != nil {
			t.Fatalf("%d×%d, %d bytes a pixel: %v", w, h, size, err)
		}
		checkPNG(t, data, got)
	}
}

// checkPNG wants the pixels of image/png.
func checkPNG(t *testing.T, data []byte, got *image.NRGBA) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("image/png: %v", err)
	}
	if want := toRGB(img, false); want.Rect != got.Rect || !slices.Equal(got.Pix, want.Pix) {
		t.Fatalf("%v: other pixels than those of image/png", got.Rect)
	}
}

// Files with a flaw, and those of other kinds, are left to image/png, whatever
// that says of them.
func TestRowsLeaveOtherFiles(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	raw := filteredRows(random, 9, 7, 3, 5)
	pixels := zlibOf(t, raw)
	chunk := func(kind string, data []byte) []byte { return pngChunk(kind, data) }
	header, idat := chunk("IHDR", pngHeader(9, 7, 8, 2, 0)), chunk("IDAT", pixels)
	good := pngWith(header, idat)
	if _, err := byRows(new(pngRows), good); err != nil {
		t.Fatal(err)
	}
	filter5 := slices.Clone(raw)
	filter5[0] = 5
	for name, data := range map[string][]byte{
		"checksum of IHDR":       badCRC(t, good, "IHDR"),
		"checksum of IDAT":       badCRC(t, good, "IDAT"),
		"checksum of IEND":       badCRC(t, good, "IEND"),
		"no end":                 good[:len(good)-12],
		"16 bits":                pngWith(chunk("IHDR", pngHeader(4, 3, 16, 2, 0)), idat),
		"palette":                pngWith(chunk("IHDR", pngHeader(9, 7, 8, 3, 0)), chunk("PLTE", []byte{1, 2, 3}), idat),
		"interlaced":             pngWith(chunk("IHDR", pngHeader(9, 7, 8, 2, 1)), idat),
		"interlace method 2":     pngWith(chunk("IHDR", pngHeader(9, 7, 8, 2, 2)), idat),
		"compression method 1":   pngWith(chunk("IHDR", append(pngHeader(9, 7, 8, 2, 0)[:10], 1, 0, 0)), idat),
		"filter method 1":        pngWith(chunk("IHDR", append(pngHeader(9, 7, 8, 2, 0)[:10], 0, 1, 0)), idat),
		"a palette not needed":   pngWith(header, chunk("PLTE", []byte{1, 2, 3}), idat),
		"transparent colour":     pngWith(header, chunk("tRNS", make([]byte, 6)), idat),
		"second header":          pngWith(header, header, idat),
		"gap in the pixel data":  pngWith(header, chunk("IDAT", pixels[:9]), chunk("tEXt", nil), chunk("IDAT", pixels[9:])),
		"pixel data without end": pngWith(header, chunk("IDAT", pixels[:len(pixels)-9])),
		"its checksum":           pngWith(header, chunk("IDAT", changed(pixels, len(pixels)-1))),
		"bytes behind it":        pngWith(header, chunk("IDAT", append(slices.Clone(pixels), 0))),
		"a chunk behind it":      pngWith(header, idat, chunk("IDAT", []byte{0})),
		"a row too many":         pngWith(header, chunk("IDAT", zlibOf(t, append(slices.Clone(raw), raw[:28]...)))),
		"a byte too few":         pngWith(header, chunk("IDAT", zlibOf(t, raw[:len(raw)-1]))),
		"filter 5":               pngWith(header, chunk("IDAT", zlibOf(t, filter5))),
	} {
		if _, err := byRows(new(pngRows), data); err != errNotRows {
			t.Errorf("%s: %v", name, err)
		}
		img, pngErr := png.Decode(bytes.NewReader(data))
		p, err := Decode(data, Options{})
		if (err == nil) != (pngErr == nil && name != "no end") {
			t.Errorf("%s: %v, image/png: %v", name, err, pngErr)
		}
		if err == nil && !slices.Equal(p.RGB.Pix, toRGB(img, false).Pix) {
			t.Errorf("%s: other pixels than those of image/png", name)
		}
	}
}

// FuzzPNGRows gives rows any pixel data behind a good header: what they decode,
// image/png decodes to the same pixels.
func FuzzPNGRows(f *testing.F) {
	random := rand.New(rand.NewPCG(5, 6))
	for size := 3; size <= 4; size++ {
		for _, w := range []int{1, 7, 16} {
			f.Add(zlibOf(f, filteredRows(random, w, 5, size, 5)), uint8(w), uint8(5), size == 4)
		}
	}
	f.Add(zlibOf(f, make([]byte, 255*256)), uint8(85), uint8(255), false)
	d := new(pngRows)
	f.Fuzz(func(t *testing.T, pixels []byte, w, h uint8, alpha bool) {
		colour := byte(2)
		if alpha {
			colour = 6
		}
		data := pngWith(pngChunk("IHDR", pngHeader(uint32(w), uint32(h), 8, colour, 0)), pngChunk("IDAT", pixels))
		if got, err := byRows(d, data); err == nil {
			checkPNG(t, data, got)
		}
	})
}
