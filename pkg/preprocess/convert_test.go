package preprocess

import (
	"bytes"
	"image"
	"image/color"
	"testing"
)

// opaque hides the concrete type of a picture.
type opaque struct{ image.Image }

// TestFromImage converts every type of the standard library, each filled with
// one colour, and leaves the caller's picture as it was.
func TestFromImage(t *testing.T) {
	r := image.Rect(3, 5, 10, 9)
	rgba := image.NewRGBA(r)
	nrgba, nrgba64, rgba64 := image.NewNRGBA(r), image.NewNRGBA64(r), image.NewRGBA64(r)
	gray, gray16, cmyk := image.NewGray(r), image.NewGray16(r), image.NewCMYK(r)
	paletted := image.NewPaletted(r, color.Palette{color.Black, color.NRGBA{10, 20, 30, 0}})
	ycc := image.NewYCbCr(r, image.YCbCrSubsampleRatio444)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			rgba.SetRGBA(x, y, color.RGBA{20, 40, 60, 128})
			nrgba.SetNRGBA(x, y, color.NRGBA{10, 20, 30, 0})
			nrgba64.SetNRGBA64(x, y, color.NRGBA64{0x0aff, 0x14ff, 0x1eff, 0})
			rgba64.SetRGBA64(x, y, color.RGBA64{0x0aff, 0x14ff, 0x1eff, 0xffff})
			gray.SetGray(x, y, color.Gray{77})
			gray16.SetGray16(x, y, color.Gray16{0x4dff})
			cmyk.SetCMYK(x, y, color.CMYK{0, 100, 255, 51})
			paletted.SetColorIndex(x, y, 1)
			ycc.Y[ycc.YOffset(x, y)], ycc.Cb[ycc.COffset(x, y)], ycc.Cr[ycc.COffset(x, y)] = 100, 128, 128
		}
	}
	tests := []struct {
		name string
		img  image.Image
		pix  []byte
		want [3]byte
	}{
		{"NRGBA keeps colours under alpha 0", nrgba, nrgba.Pix, [3]byte{10, 20, 30}},
		{"RGBA is divided by alpha", rgba, rgba.Pix, [3]byte{39, 79, 119}},
		{"NRGBA64 keeps the high byte", nrgba64, nrgba64.Pix, [3]byte{10, 20, 30}},
		{"RGBA64", rgba64, rgba64.Pix, [3]byte{10, 20, 30}},
		{"Gray", gray, gray.Pix, [3]byte{77, 77, 77}},
		{"Gray16 keeps the high byte", gray16, gray16.Pix, [3]byte{77, 77, 77}},
		{"CMYK as Pillow", cmyk, cmyk.Pix, [3]byte{204, 124, 0}},
		{"palette keeps colours under alpha 0", paletted, paletted.Pix, [3]byte{10, 20, 30}},
		{"YCbCr", ycc, ycc.Y, [3]byte{100, 100, 100}},
		{"NYCbCrA", &image.NYCbCrA{YCbCr: *ycc}, ycc.Y, [3]byte{100, 100, 100}},
		{"any other", opaque{rgba}, rgba.Pix, [3]byte{39, 79, 119}},
		{"uniform", &image.Uniform{C: color.White}, nil, [3]byte{255, 255, 255}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			img := tt.img
			if u, ok := img.(*image.Uniform); ok {
				img = filled(7, 4, u.C)
			}
			before := bytes.Clone(tt.pix)
			p, err := FromImage(img)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(tt.pix, before) {
				t.Error("the caller's picture changed")
			}
			if p.Width != 7 || p.Height != 4 || p.Format != "" || p.Damaged {
				t.Errorf("picture %+v", p)
			}
			comparePixels(t, p.RGB, bytes.Repeat(tt.want[:], 28))
		})
	}
}

// TestFromSubImage reads the rows of a part at their stride.
func TestFromSubImage(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 6, 4))
	for i := range img.Pix {
		img.Pix[i] = byte(i)
	}
	p, err := FromImage(img.SubImage(image.Rect(2, 1, 5, 3)))
	if err != nil {
		t.Fatal(err)
	}
	comparePixels(t, p.RGB, []byte{8, 8, 8, 9, 9, 9, 10, 10, 10, 14, 14, 14, 15, 15, 15, 16, 16, 16})
}

// TestPaletteIndexOutOfRange gives black instead of a crash.
func TestPaletteIndexOutOfRange(t *testing.T) {
	img := image.NewPaletted(image.Rect(0, 0, 2, 1), color.Palette{color.White})
	img.Pix[1] = 200
	p, err := FromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	comparePixels(t, p.RGB, []byte{255, 255, 255, 0, 0, 0})
}

func TestFromImageRefusesEmpty(t *testing.T) {
	for _, img := range []image.Image{nil, image.NewGray(image.Rect(0, 0, 0, 5))} {
		if p, err := FromImage(img); err == nil {
			t.Errorf("FromImage gives %+v", p)
		}
	}
}
